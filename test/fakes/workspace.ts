import type { BranchResult, BranchUpdate, Workspace } from '../../src/promote/workspace.ts';

export interface FakeWorkspace extends Pick<Workspace, 'updateBranch'> {
  readonly updates: BranchUpdate[];
}

/** A workspace that pushes nothing; `act` may do what a push would and says what came of it. */
export function fakeWorkspace(act: (update: BranchUpdate) => BranchResult): FakeWorkspace {
  const updates: BranchUpdate[] = [];
  return {
    updates,
    async updateBranch(update) {
      updates.push(update);
      return act(update);
    },
  };
}
