/** The kinds of forges that pull requests can be opened on. */
export const FORGE_TYPES = ['github', 'gitlab', 'bitbucket-server', 'gitea', 'azure-devops'] as const;
export type ForgeType = (typeof FORGE_TYPES)[number];

/** How a pull request gets into its base branch. */
export const MERGE_METHODS = ['merge', 'squash', 'rebase'] as const;
export type MergeMethod = (typeof MERGE_METHODS)[number];
