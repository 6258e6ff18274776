import { hostOf, matchesName } from '../../net/pure.ts';
import { FORGE_TYPES, type ForgeType } from '../types.ts';

/** Hosts of the well-known forges; a `*.` stands for any name before the rest. */
const KNOWN_HOSTS: readonly (readonly [string, ForgeType])[] = [
  ['github.com', 'github'],
  ['*.ghe.com', 'github'],
  ['gitlab.com', 'gitlab'],
  ['codeberg.org', 'gitea'],
  ['gitea.com', 'gitea'],
  ['dev.azure.com', 'azure-devops'],
  ['ssh.dev.azure.com', 'azure-devops'],
  ['*.visualstudio.com', 'azure-devops'],
];

/** How people call the host of a forge of their own, such as `gitlab.example.com` or `code.gitlab.internal`. */
const LABELS: ReadonlyMap<string, ForgeType> = new Map([
  ['github', 'github'],
  ['gitlab', 'gitlab'],
  ['gitea', 'gitea'],
  ['forgejo', 'gitea'],
  ['bitbucket', 'bitbucket-server'],
]);

/** Paths of repositories that one forge alone has. */
const PATHS: readonly (readonly [RegExp, ForgeType])[] = [
  [/\/_git\/[^/]+\/*$/, 'azure-devops'],
  [/\/(scm\/[^/]+|(projects|users)\/[^/]+\/repos)\/[^/]+(\/browse)?\/*$/, 'bitbucket-server'],
];

/** A repository, and its forge where that is known. */
export interface Location {
  readonly type?: ForgeType | undefined;
  readonly url: string;
}

/** The type that is written, else the one that the URL tells; undefined where neither does. */
export function forgeTypeOf({ type, url }: Location): ForgeType | undefined {
  if (type) return type;
  const parsed = URL.parse(url);
  return parsed ? toldType(parsed) : undefined;
}

/** The type of the forge at a well-known host. */
export function knownForgeType(host: string): ForgeType | undefined {
  return KNOWN_HOSTS.find(([pattern]) => matchesName(pattern, host))?.[1];
}

/** Why a forge cannot be asked: nobody says what it is. */
export function untoldForgeType(url: string): string {
  const { host } = new URL(url);
  return `The host ${host} does not tell which forge it is: write type: one of ${FORGE_TYPES.join(', ')}.`;
}

function toldType(url: URL): ForgeType | undefined {
  const host = hostOf(url);
  const known = knownForgeType(host);
  if (known) return known;
  const label = host
    .split('.', 2)
    .map((one) => LABELS.get(one))
    .find(Boolean);
  return label ?? PATHS.find(([pattern]) => pattern.test(url.pathname))?.[1];
}
