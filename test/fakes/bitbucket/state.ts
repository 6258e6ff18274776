export interface FakeReference {
  id: string;
  readonly displayId: string;
  latestCommit: string;
  readonly repository: { readonly id: number; readonly slug: string };
}

export interface FakePull {
  readonly id: number;
  version: number;
  state: 'OPEN' | 'MERGED' | 'DECLINED';
  title: string;
  description?: string;
  draft: boolean;
  reviewers: { readonly user: { readonly name: string } }[];
  fromRef: FakeReference;
  toRef: FakeReference;
  properties: { mergeResult: { outcome: 'CLEAN' | 'CONFLICTED' | 'UNKNOWN'; current: boolean } };
  readonly links: { readonly self: readonly { readonly href: string }[] };
}

export interface FakeBuild {
  readonly key: string;
  /** The key that the merge check "Required builds" goes by. */
  readonly parent?: string;
  readonly state: 'SUCCESSFUL' | 'FAILED' | 'INPROGRESS' | 'CANCELLED' | 'UNKNOWN';
  readonly url: string;
  readonly description?: string;
}

/** The content and the settings of this Bitbucket's one repository; tests change it. */
export interface BitbucketState {
  readonly pulls: FakePull[];
  readonly branches: Set<string>;
  readonly users: Set<string>;
  /** Comments by pull request, the oldest first; also the reasons of those who declined. */
  readonly comments: Map<number, string[]>;
  /** Builds by commit and key. */
  readonly builds: Map<string, Map<string, FakeBuild>>;
  readonly options: BitbucketOptions;
}

export interface BitbucketOptions {
  /** The origin of its pages; its own unless a test says another one. */
  web: string;
  /** Merge checks that are not met, in words. */
  vetoes: string[];
  /** `unknown`: as a server before 8.15, which passes over it. */
  autoMerge: 'on' | 'off' | 'unknown';
  /** Tokens of a project or a repository may do all but this. */
  mayMerge: boolean;
  /** Merge strategies of the repository, with whether they are enabled; the first one is its default. */
  strategies: Record<string, boolean>;
  /** The strategy of the last merge, or of the last auto-merge. */
  strategy?: string | undefined;
  /** Numbers of the pull requests that wait for it. */
  scheduled: number[];
}

export const BASE_COMMIT = '0000000000000000000000000000000000000001';

export function newState(): BitbucketState {
  return {
    pulls: [],
    branches: new Set(['main']),
    users: new Set(['ann', 'bob']),
    comments: new Map(),
    builds: new Map(),
    options: {
      web: '',
      vetoes: [],
      autoMerge: 'on',
      mayMerge: true,
      strategies: { 'no-ff': true, ff: false, 'ff-only': false, squash: true, 'rebase-ff-only': true },
      scheduled: [],
    },
  };
}
