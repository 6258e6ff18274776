import { hasCode } from '../../lib/errors.ts';
import {
  type Advertised,
  type AdvertisedBranches,
  fetchTip,
  parseBranches,
  type Repository,
  refOf,
  type Transport,
} from '../../lib/git/index.ts';
import type { BranchUpdate } from './port.ts';

/** The branches' tips, and those of the base branches, whose files are here by then. */
export interface RemoteState {
  readonly advertised: Advertised;
  /** By branch. Settled each for itself: one that is missing is no matter of the others. */
  readonly bases: ReadonlyMap<string, PromiseSettledResult<string>>;
  /**
   * True: the server named no such branch. Then no pull request came from it when it was asked, and a push that
   * makes the branch is refused when there is one by then. Of a server with too many branches that is not known.
   */
  readonly isNew: (update: Branches) => boolean;
  /** The same for some more updates, which are new, from what the server has said already. */
  readonly include: (updates: readonly Branches[]) => Promise<RemoteState>;
}

type Branches = Pick<BranchUpdate, 'baseBranch' | 'branch'>;
type Tips = RemoteState['bases'];

/**
 * Looks up once what several updates of one repository need to know: the answer is that of pushing, which says
 * that we may, too. A copy that has the tip already is not fetched; the first copy is fetched while the server still
 * says where its branches are.
 */
export async function remoteState(
  repository: Repository,
  transport: Transport,
  updates: readonly Branches[],
): Promise<RemoteState> {
  const tips = (wanted: Wanted) => tipsOf(repository, transport, wanted);
  const baseBranches = baseBranchesOf(updates);
  const early = repository.packs.count() === 0 ? tips({ baseBranches }) : undefined;
  const advertised = await branchesOf(transport, updates).catch(async (error) => {
    // The copy is others' once this one is over: nothing may be fetched into it any more.
    const found = await early;
    // Gitea answers 403 to a push to a repository that does not exist, and 404 to a read.
    if (!hasCode(error, 'GitUnauthorized')) throw error;
    throw missingRepository(found ?? (await tips({ baseBranches }))) ?? error;
  });

  async function stateOf(all: readonly Branches[], known: Tips): Promise<RemoteState> {
    const others = baseBranchesOf(all).filter((branch) => !known.has(branch));
    const bases = new Map([...known, ...(await tips({ baseBranches: others, advertised }))]);
    return {
      advertised,
      bases,
      isNew: ({ branch }) => advertised.isWhole && !advertised.refs.has(refOf(branch)),
      include: (more) => stateOf([...all, ...more], bases),
    };
  }

  return stateOf(updates, (await early) ?? new Map());
}

/** Picks the branches out of an advertisement that may be megabytes, and keeps nothing else of it. */
async function branchesOf(transport: Transport, updates: readonly Branches[]): Promise<AdvertisedBranches> {
  const said = await transport.advertisement('git-receive-pack');
  return parseBranches(said, refsOf(updates), transport.remote);
}

function baseBranchesOf(updates: readonly Branches[]): string[] {
  return [...new Set(updates.map(({ baseBranch }) => baseBranch))];
}

function refsOf(updates: readonly Branches[]): ReadonlySet<string> {
  return new Set(updates.flatMap(({ baseBranch, branch }) => [refOf(baseBranch), refOf(branch)]));
}

interface Wanted {
  readonly baseBranches: readonly string[];
  /** The branches' tips, where they are known. */
  readonly advertised?: Advertised;
}

async function tipsOf(
  repository: Repository,
  transport: Transport,
  { baseBranches, advertised }: Wanted,
): Promise<Tips> {
  const tips = new Map<string, PromiseSettledResult<string>>();
  for (const branch of baseBranches) {
    const tip = advertised?.refs.get(refOf(branch));
    const isHere = tip !== undefined && repository.packs.has(tip);
    const [settled] = await Promise.allSettled([
      isHere ? tip : fetchTip(repository, transport, { branch, tip }),
    ]);
    tips.set(branch, settled);
  }
  return tips;
}

function missingRepository(tips: Tips): unknown {
  const reasons = [...tips.values()].map((tip) => (tip.status === 'rejected' ? tip.reason : undefined));
  return reasons.find((reason) => hasCode(reason, 'GitRepositoryNotFound'));
}
