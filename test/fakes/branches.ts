import type {
  BaseLook,
  BaseState,
  BranchResult,
  BranchUpdate,
  BranchUpdater,
} from '../../src/promote/branch/port.ts';

export interface FakeBranches
  extends Pick<BranchUpdater, 'prepare' | 'updateBranch' | 'hasBranch' | 'inspect'> {
  readonly updates: BranchUpdate[];
  /** The branches that do not exist; all others do. */
  readonly gone: Set<string>;
  /** `hasBranch BRANCH` and `inspect BRANCH`, in the order in which it was asked. */
  readonly looks: string[];
}

/** Pushes nothing; `act` may do what a push would, and returns its result. */
export function fakeBranches(
  act: (update: BranchUpdate) => BranchResult,
  inspect: (look: BaseLook) => BaseState = () => ({ kind: 'in-base' }),
): FakeBranches {
  const updates: BranchUpdate[] = [];
  const gone = new Set<string>();
  const looks: string[] = [];
  const updateBranch = async (update: BranchUpdate) => {
    updates.push(update);
    return act(update);
  };
  return {
    updates,
    gone,
    looks,
    prepare: async (update) => ({ push: () => updateBranch(update), discard() {} }),
    updateBranch,
    async hasBranch({ branch }) {
      looks.push(`hasBranch ${branch}`);
      return !gone.has(branch);
    },
    async inspect(look) {
      looks.push(`inspect ${look.baseBranch}`);
      return inspect(look);
    },
  };
}
