import { type ForgeType, knownForgeType } from '../../lib/forges/pure.ts';
import { hostOf } from '../../lib/net/pure.ts';

interface PathForm {
  readonly pattern: RegExp;
  readonly words: string;
}

/** How each forge spells a repository in the path of a URL. */
const FORMS: Readonly<Record<ForgeType, PathForm>> = {
  github: {
    pattern: /^\/[A-Za-z0-9._~-]+\/[A-Za-z0-9._~-]+(\.git)?\/*$/,
    words: 'https://<host>/<owner>/<repository>',
  },
  gitea: {
    pattern: /^(\/[A-Za-z0-9._~-]+)*\/[A-Za-z0-9._~-]+\/[A-Za-z0-9._~-]+(\.git)?\/*$/,
    words: 'https://<host>/<owner>/<repository>',
  },
  gitlab: {
    pattern: /^(\/[A-Za-z0-9._~-]+)+\/[A-Za-z0-9._~-]+(\.git)?\/*$/,
    words: 'https://<host>/<group>/<project>',
  },
  'bitbucket-server': {
    pattern:
      /^(\/[A-Za-z0-9._~-]+)*\/(scm\/~?[A-Za-z0-9._~-]+|(projects|users)\/[A-Za-z0-9._~-]+\/repos)\/[A-Za-z0-9._~-]+(\/browse)?(\.git)?\/*$/,
    words: 'https://<host>/scm/<project>/<repository>.git',
  },
  'azure-devops': {
    pattern: /^(\/[^/]+)*\/_git\/[^/]+(\.git)?\/*$/,
    words: 'https://dev.azure.com/<organization>/<project>/_git/<repository>',
  },
};

/** Over SSH two forges have paths of their own. */
const SSH_FORMS: Partial<Record<ForgeType, PathForm>> = {
  'bitbucket-server': {
    pattern: /^\/~?[A-Za-z0-9._~-]+\/[A-Za-z0-9._~-]+(\.git)?\/*$/,
    words: 'ssh://git@<host>:7999/<project>/<repository>.git',
  },
  'azure-devops': {
    pattern: /^\/v3(\/[^/]+){3}(\.git)?\/*$/,
    words: 'ssh://git@ssh.dev.azure.com/v3/<organization>/<project>/<repository>',
  },
};

/** Why a forge of this type cannot have a repository at this URL, or undefined. */
export function forgeFitProblem(type: ForgeType, url: URL): string | undefined {
  return hostProblem(type, hostOf(url)) ?? pathProblem(type, url);
}

function hostProblem(type: ForgeType, host: string): string | undefined {
  if (host === 'bitbucket.org' || host.endsWith('.bitbucket.org')) {
    return 'bitbucket.org is Bitbucket Cloud, which Turnpike does not serve; bitbucket-server is for hosts of your own.';
  }
  const known = knownForgeType(host);
  if (known === undefined || known === type) return undefined;
  return `${host} is a forge of type ${known}: write type: ${known}, or the URL of a ${type} host.`;
}

function pathProblem(type: ForgeType, url: URL): string | undefined {
  const ssh = url.protocol === 'ssh:' ? SSH_FORMS[type] : undefined;
  const { pattern, words } = ssh ?? FORMS[type];
  const climbs = url.pathname.split('/').some((segment) => segment === '..' || segment === '.');
  if (pattern.test(url.pathname) && !climbs) return undefined;
  return `This is no URL of a repository on a forge of type ${type}: write it as ${words}.`;
}
