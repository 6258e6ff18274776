import type {
  BaseLook,
  BaseState,
  BranchLook,
  BranchResult,
  BranchUpdate,
  Workspace,
} from '../../src/promote/workspace.ts';

export interface FakeWorkspace extends Omit<Workspace, 'close'> {
  readonly updates: BranchUpdate[];
  readonly looks: (BranchLook | BaseLook)[];
}

/** What a look shows: a branch that is there, and a base branch that runs something else, unless told otherwise. */
export interface FakeLooks {
  readonly hasBranch?: (look: BranchLook) => boolean;
  readonly inspect?: (look: BaseLook) => BaseState;
}

/** A workspace that pushes nothing; `act` may do what a push would and says what came of it. */
export function fakeWorkspace(
  act: (update: BranchUpdate) => BranchResult,
  { hasBranch = () => true, inspect = () => ({ kind: 'differs', values: ['0.0.0'] }) }: FakeLooks = {},
): FakeWorkspace {
  const updates: BranchUpdate[] = [];
  const looks: FakeWorkspace['looks'] = [];
  return {
    updates,
    looks,
    async updateBranch(update) {
      updates.push(update);
      return act(update);
    },
    async hasBranch(look) {
      looks.push(look);
      return hasBranch(look);
    },
    async inspect(look) {
      looks.push(look);
      return inspect(look);
    },
  };
}
