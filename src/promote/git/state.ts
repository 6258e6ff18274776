import { hasCode } from '../../api/errors.ts';
import { refOf } from '../refs.ts';
import type { BranchUpdate } from '../workspace.ts';
import type { Advertised } from './advertisement.ts';
import { advertisedRefs } from './receive.ts';
import { fetchTip, type Repository } from './repository.ts';
import type { Transport } from './transport.ts';

/** Where the branches are, and the base branches' tips, whose files are here by then. */
export interface RemoteState {
  readonly advertised: Advertised;
  /** By branch. Settled each for itself: one that is missing is no matter of the others. */
  readonly bases: ReadonlyMap<string, PromiseSettledResult<string>>;
}

type Branches = Pick<BranchUpdate, 'baseBranch' | 'branch'>;
type Tips = RemoteState['bases'];

/**
 * What several updates of one repository need to know, asked for once. A copy that has the tip already is
 * not fetched; the first copy is fetched while the server still says where its branches are.
 */
export async function remoteState(
  repository: Repository,
  transport: Transport,
  updates: readonly Branches[],
): Promise<RemoteState> {
  const baseBranches = [...new Set(updates.map(({ baseBranch }) => baseBranch))];
  const refs = new Set([...baseBranches, ...updates.map(({ branch }) => branch)].map(refOf));
  const fetchTips = (known?: Advertised) => tipsOf(repository, transport, { baseBranches, known });
  const early = repository.packs.isEmpty() ? fetchTips() : undefined;
  const [asked] = await Promise.allSettled([advertisedRefs(transport, refs)]);
  if (asked.status === 'fulfilled') {
    return { advertised: asked.value, bases: await (early ?? fetchTips(asked.value)) };
  }
  // Gitea answers 403 to whoever would push to a repository that is not there, and 404 to whoever would read.
  if (!hasCode(asked.reason, 'GitUnauthorized')) throw asked.reason;
  throw missingRepository(await (early ?? fetchTips())) ?? asked.reason;
}

async function tipsOf(
  repository: Repository,
  transport: Transport,
  {
    baseBranches,
    known,
  }: { readonly baseBranches: readonly string[]; readonly known?: Advertised | undefined },
): Promise<Tips> {
  const tips = new Map<string, PromiseSettledResult<string>>();
  for (const branch of baseBranches) {
    const tip = known?.refs.get(refOf(branch));
    const isHere = tip !== undefined && repository.packs.has(tip);
    const [settled] = await Promise.allSettled([isHere ? tip : fetchTip(repository, transport, branch, tip)]);
    tips.set(branch, settled);
  }
  return tips;
}

function missingRepository(tips: Tips): unknown {
  const reasons = [...tips.values()].map((tip) => (tip.status === 'rejected' ? tip.reason : undefined));
  return reasons.find((reason) => hasCode(reason, 'GitRepositoryNotFound'));
}
