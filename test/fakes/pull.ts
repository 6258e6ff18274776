/** The head of every pull request that a stand-in opens. */
export const HEAD_COMMIT = '1111111111111111111111111111111111111111';

/** The fields of a pull request that was just opened. */
export const BARE = {
  draft: false,
  headCommit: HEAD_COMMIT,
  labels: [] as readonly string[],
  assignees: [] as readonly string[],
  reviewers: [] as readonly string[],
} as const;
