import type { Advice, StoreSettings } from '../../lib/git/index.ts';

/** Advice for when Git fails, in terms of the Pipeline's fields and our flags. */
export const GIT_ADVICE: Advice = {
  credentials: 'check the Secret that secretRef names',
  token: 'put a valid token into the Secret that secretRef names',
  branch: 'create it or change baseBranch',
  size: 'promote in a repository for GitOps alone, keep large files in Git LFS, or raise --git-max-pack-size',
};

export const STORE_SETTINGS: StoreSettings = {
  directory: '--git-cache-dir',
  maxBytes: '--git-cache-max-size',
};
