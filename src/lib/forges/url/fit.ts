import { TurnpikeError } from '../../errors.ts';
import { hostOf } from '../../net/pure.ts';
import { type ForgeType, kindOf } from '../types.ts';
import { knownForgeType } from './forge-type.ts';

/**
 * Says why a forge of this type cannot have a repository at this URL; undefined when it can. It refuses the same URLs
 * as `createForge`, and no others.
 */
export function forgeUrlProblem(type: ForgeType, url: string): string | undefined {
  return otherHostProblem(type, url) ?? pathProblem(type, url);
}

/** Says the same for the host alone. */
export function otherHostProblem(type: ForgeType, url: string): string | undefined {
  const host = hostOf(new URL(url));
  if (host === 'bitbucket.org' || host.endsWith('.bitbucket.org')) {
    return 'bitbucket.org is Bitbucket Cloud, which Turnpike does not support; bitbucket-server is for self-hosted servers.';
  }
  const known = knownForgeType(host);
  if (known === undefined || known === type) return undefined;
  return `${host} is a forge of type ${known}: write type: ${known}, or the URL of a ${type} host.`;
}

function pathProblem(type: ForgeType, url: string): string | undefined {
  const { address, form, sshForm = form } = kindOf(type);
  try {
    address(url);
    return undefined;
  } catch (error) {
    if (!(error instanceof TurnpikeError)) throw error;
    const words = url.startsWith('ssh:') ? sshForm : form;
    return `This is not the URL of a repository on a forge of type ${type}: write it as ${words}.`;
  }
}
