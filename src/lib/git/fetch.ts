import { TurnpikeError } from '../errors.ts';
import { adviceOf } from './failure.ts';
import { fetchPack } from './fetch-pack.ts';
import { negotiate } from './negotiate.ts';
import { parseAdvertisement } from './protocol/advertisement.ts';
import { refOf } from './refs.ts';
import type { Repository } from './repository.ts';
import type { Transport } from './transport.ts';

export interface FetchOptions {
  readonly branch: string;
  /** The branch's tip, where the server has just named it. */
  readonly tip?: string | undefined;
  /** The number of generations of commits: the tip alone unless given. */
  readonly depth?: number;
  /** A commit that is here with all its files: these are not sent again. */
  readonly have?: string | undefined;
}

/**
 * Fetches the branch's tip with its files. Throws `GitBranchNotFound`; anything unknown means damage. The server is not
 * asked again for capabilities that are known, nor for a tip that it has just named.
 */
export async function fetchTip(
  repository: Repository,
  transport: Transport,
  { branch, tip, depth = 1, have }: FetchOptions,
): Promise<string> {
  const { gitdir, packs, tips } = repository;
  const advertised = await advertisedTip(repository, transport, branch, tip);
  if (!advertised.capabilities.has('shallow')) throw notShallow(transport);
  const haves = [have, tips.get(branch)].flatMap((oid) => (oid !== undefined && packs.has(oid) ? [oid] : []));
  await negotiate({
    ...advertised,
    gitdir,
    url: transport.remote.name,
    branch,
    depth,
    haves: new Set(haves),
    ask: (request) => fetchPack(repository, transport, request),
  });
  tips.set(branch, advertised.tip);
  return advertised.tip;
}

interface AdvertisedTip {
  readonly tip: string;
  readonly capabilities: ReadonlySet<string>;
}

/** The branch's tip, and the server's capabilities. */
async function advertisedTip(
  repository: Repository,
  transport: Transport,
  branch: string,
  tip: string | undefined,
): Promise<AdvertisedTip> {
  const known = repository.server.fetchCapabilities;
  if (known && tip !== undefined) return { tip, capabilities: known };
  const ref = refOf(branch);
  const bytes = await transport.advertisement('git-upload-pack');
  const { refs, capabilities } = parseAdvertisement(bytes, new Set([ref]), transport.remote);
  const found = refs.get(ref);
  if (found === undefined) throw branchNotFound(transport, branch);
  repository.server.fetchCapabilities = capabilities;
  return { tip: found, capabilities };
}

export function branchNotFound({ remote }: Transport, branch: string): TurnpikeError {
  const message = `${remote.name} has no branch ${branch}: ${adviceOf(remote).branch}.`;
  return new TurnpikeError('GitBranchNotFound', message);
}

function notShallow({ remote }: Transport): TurnpikeError {
  const message = `${remote.name} cannot send the tip of a branch without its history (it lacks the capability "shallow"): use a Git server that can.`;
  return new TurnpikeError('GitRejected', message);
}
