import { hostOf, matchesHost } from '../../net/pure.ts';
import { FORGE_TYPES, type ForgeType, kindOf } from '../types.ts';

/** A repository, and its forge where that is known. */
export interface Location {
  readonly type?: ForgeType | undefined;
  readonly url: string;
}

/** The type that is written, else the one that the URL shows; undefined where neither does. */
export function forgeTypeOf({ type, url }: Location): ForgeType | undefined {
  if (type) return type;
  const parsed = URL.parse(url);
  return parsed ? typeByUrl(parsed) : undefined;
}

/** The type of the forge at a well-known host. */
export function knownForgeType(host: string): ForgeType | undefined {
  return FORGE_TYPES.find((type) => kindOf(type).hosts.some((pattern) => matchesHost(pattern, host)));
}

/** The sentence for a forge that cannot be asked: neither its URL nor the Pipeline says which type it is. */
export function forgeTypeProblem(url: string): string {
  const { host } = new URL(url);
  return `The forge of the host ${host} is not known: write type: one of ${FORGE_TYPES.join(', ')}.`;
}

function typeByUrl(url: URL): ForgeType | undefined {
  const host = hostOf(url);
  return knownForgeType(host) ?? typeByLabel(host) ?? typeByPath(url.pathname);
}

function typeByLabel(host: string): ForgeType | undefined {
  for (const label of host.split('.', 2)) {
    const found = FORGE_TYPES.find((type) => kindOf(type).labels.includes(label));
    if (found) return found;
  }
  return undefined;
}

/** Azure's `_git` is checked first, although it comes last in the list: no project of Bitbucket's has that name. */
function typeByPath(path: string): ForgeType | undefined {
  return FORGE_TYPES.findLast((type) => kindOf(type).path?.test(path));
}
