import { TurnpikeError } from '../../../src/lib/errors.ts';
import type { BranchResult, BranchUpdate, BranchUpdater } from '../../../src/promote/branch/port.ts';
import { commitToBase, repositoryOf } from '../world/forge.ts';
import { pushOnTop, pushOver } from '../world/git.ts';
import type { Content } from '../world/repository.ts';
import { type Box, did } from './box.ts';
import { environmentOf } from './names.ts';

/** The world's repositories as the program's branch updater shows them. */
type Git = Pick<BranchUpdater, 'prepare' | 'updateBranch' | 'hasBranch' | 'inspect'>;

export function branchesIn(box: () => Box): Git {
  async function push(update: BranchUpdate): Promise<BranchResult> {
    for (let attempts = 1; ; attempts += 1) {
      const result = await (update.isDirect ? commitDirectly(box, update) : bringBranch(box, update));
      if (result !== 'moved') return result;
      if (attempts === 3) {
        throw new TurnpikeError('GitRejected', 'The branch was moved meanwhile.', { retry: 'backoff' });
      }
    }
  }

  return {
    prepare: async (update) => ({ push: () => push(update), discard() {} }),
    updateBranch: push,
    async hasBranch({ url, branch }) {
      return branch in reached(box(), url).bases;
    },
    async inspect({ url, baseBranch, markerKey, revision }) {
      const value = baseContent(box(), url, baseBranch)[environmentOf(markerKey)];
      if (value === revision) return { kind: 'in-base' };
      return { kind: 'differs', values: value === undefined ? [] : [value] };
    },
  };
}

function reached({ world }: Box, url: string) {
  const repository = repositoryOf(world, url);
  if (repository.away) throw new TurnpikeError('GitUnavailable', 'Git is away.');
  return repository;
}

function baseContent(box: Box, url: string, base: string): Content {
  const content = reached(box, url).bases[base];
  if (content) return content;
  throw new TurnpikeError('GitBranchNotFound', `There is no branch ${base}.`);
}

async function commitDirectly(box: () => Box, update: BranchUpdate): Promise<BranchResult | 'moved'> {
  const { url, branch, revision, markerKey } = update;
  const environment = environmentOf(markerKey);
  const before = baseContent(box(), url, branch);
  if (before[environment] === revision) return { kind: 'in-base', problems: [] };
  await update.fence?.();
  if (baseContent(box(), url, branch) !== before) return 'moved';
  did(box(), { kind: 'direct', url, environment, revision });
  box().world = commitToBase(box().world, url, branch, { [environment]: revision });
  return { kind: 'pushed', commit: `direct ${revision}`, changes: [], problems: [] };
}

/** Pushes as git/update.ts does: the base and one commit, or on top of people's work. */
async function bringBranch(box: () => Box, update: BranchUpdate): Promise<BranchResult | 'moved'> {
  const { url, branch, baseBranch, revision, markerKey } = update;
  const environment = environmentOf(markerKey);
  const from = baseContent(box(), url, baseBranch);
  if (from[environment] === revision) return { kind: 'in-base', problems: [] };
  const tip = reached(box(), url).branches[branch];
  const others = (tip?.work.length ?? 0) > 0;
  const said = { ...(others && { others: true as const }), changes: [], problems: [] };
  const isBuilt = tip?.brings === revision && (others || sameContent(tip.from, from));
  if (tip && isBuilt) return { kind: 'unchanged', commit: tip.commit, ...said };
  await update.fence?.();
  if (reached(box(), url).branches[branch] !== tip) return 'moved';
  const { world } = box();
  const pushed = others
    ? pushOnTop(world, url, branch, revision)
    : pushOver(world, url, branch, { from, environment, brings: revision });
  const keeps = repositoryOf(pushed.world, url).branches[branch]?.work ?? [];
  did(box(), { kind: 'push', url, branch, environment, revision, keeps });
  box().world = pushed.world;
  return { kind: 'pushed', commit: pushed.commit, ...said };
}

function sameContent(one: Content, other: Content): boolean {
  return Object.keys(other).every((name) => one[name] === other[name]);
}
