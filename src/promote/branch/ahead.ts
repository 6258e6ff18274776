import {
  type Commit,
  FLUSH_PKT,
  fetchCommits,
  parseAdvertisement,
  parseCommit,
  pktLine,
  type Repository,
  refOf,
  type Transport,
} from '../../lib/git/index.ts';
import { replacedBy } from './trailers.ts';

/** The commits that a branch has and its base branch has not, less those that one of our commits replaced. */
export interface Ahead {
  /** By object id, the tip first, then the others by their distance from it. Empty when the base has the tip. */
  readonly commits: ReadonlyMap<string, Commit>;
  /** Commits of the base branch that the branch goes on from, the nearest to the tip first. */
  readonly bases: readonly string[];
  /** How far the last one of `bases` is from the tip, the tip itself counted. */
  readonly depth: number;
}

export interface Tips {
  readonly branch: string;
  readonly tip: string;
  /** The base branch's tip. */
  readonly base: string;
}

/** So far from the tip commits are looked at. What begins farther away has no known base. */
const MAX_DEPTH = 20;
const MAX_BASES = 4;
/** No `thin-pack`: what a delta would be based on may not be here. Some servers want the first one. */
const CAPABILITIES = ['multi_ack_detailed', 'side-band-64k', 'ofs-delta'];

/**
 * Asks for what a clone of the base branch would lack of the branch (gitprotocol-pack, "Packfile Negotiation"): the
 * server says so itself which commits are the base's, however old, and sends no more than the others. Nothing of it
 * goes into the copy, which has not all that it builds on.
 *
 * @throws TurnpikeError `GitRejected` when the server does not give the tip: it has moved
 */
export async function fetchAhead(
  repository: Repository,
  transport: Transport,
  { branch, tip, base }: Tips,
): Promise<Ahead> {
  const offered = await capabilitiesOf(repository, transport, branch);
  const capabilities = CAPABILITIES.filter((one) => offered.has(one)).join(' ');
  const request = [
    pktLine(`want ${tip} ${capabilities}\n`),
    pktLine(`deepen ${MAX_DEPTH}\n`),
    FLUSH_PKT,
    pktLine(`have ${base}\n`),
    pktLine('done\n'),
  ];
  const { lines, commits } = await fetchCommits(repository, transport, Buffer.concat(request));
  const cut = lines.flatMap((line) => (line?.startsWith('shallow ') ? [line.slice('shallow '.length)] : []));
  return walk(commits, new Set(cut), tip);
}

async function capabilitiesOf(
  repository: Repository,
  transport: Transport,
  branch: string,
): Promise<ReadonlySet<string>> {
  if (repository.server.fetchCapabilities) return repository.server.fetchCapabilities;
  const bytes = await transport.advertisement('git-upload-pack');
  const { capabilities } = parseAdvertisement(bytes, new Set([refOf(branch)]), transport.remote);
  repository.server.fetchCapabilities = capabilities;
  return capabilities;
}

/** From the tip on, by distance. What is behind a cut is not known to be the base's. */
function walk(bodies: ReadonlyMap<string, Buffer>, cut: ReadonlySet<string>, tip: string): Ahead {
  if (bodies.size === 0) return { commits: new Map(), bases: [], depth: 0 };
  if (!bodies.has(tip)) throw new Error('an answer to a fetch lacks what was requested');
  const commits = new Map<string, Commit>();
  const distances = new Map<string, number>();
  for (let row = new Set([tip]), distance = 1; row.size > 0; distance += 1) {
    const parents: string[] = [];
    for (const oid of row) {
      const body = bodies.get(oid);
      if (body === undefined) distances.set(oid, distance);
      else commits.set(oid, parseCommit(body));
      if (!cut.has(oid)) parents.push(...parentsOf(commits.get(oid)));
    }
    row = new Set(parents.filter((oid) => !commits.has(oid) && !distances.has(oid)));
  }
  const bases = [...distances].slice(0, MAX_BASES);
  return { commits, bases: bases.map(([oid]) => oid), depth: bases.at(-1)?.[1] ?? 0 };
}

function parentsOf(commit: Commit | undefined): readonly string[] {
  if (!commit) return [];
  const replaced = replacedBy(commit.message);
  return commit.parents.filter((oid, index) => index === 0 || oid !== replaced);
}
