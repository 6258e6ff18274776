import { HEAD_COMMIT } from '../pull.ts';

interface User {
  readonly login: string;
}

/** The part of GitHub's pull request that this fake answers with: https://docs.github.com/en/rest/pulls/pulls */
export interface FakePull {
  readonly id: number;
  readonly node_id: string;
  readonly url: string;
  readonly html_url: string;
  readonly number: number;
  state: 'open' | 'closed';
  title: string;
  body: string | null;
  merged: boolean;
  merged_at: string | null;
  draft: boolean;
  labels: { readonly name: string }[];
  assignees: User[];
  requested_reviewers: User[];
  head: { readonly label: string; readonly ref: string; sha: string };
  base: { readonly label: string; readonly ref: string };
}

export interface FakeStatus {
  readonly sha: string;
  readonly context: string;
  readonly state: string;
  readonly description: string;
  readonly target_url?: string;
}

/** What this GitHub's one repository has and allows; tests change it. */
export interface GitHubState {
  readonly pulls: FakePull[];
  readonly branches: Set<string>;
  /** Who may be assigned and asked for reviews. */
  readonly collaborators: Set<string>;
  /** Who has given a review, by pull request. */
  readonly reviews: Map<number, string[]>;
  readonly comments: Map<number, string[]>;
  readonly statuses: FakeStatus[];
  readonly commits: Set<string>;
  readonly options: GitHubOptions;
}

export interface GitHubOptions {
  drafts: boolean;
  /** Contexts that branch protection requires. */
  required: string[];
  autoMerge: boolean;
  /** Node ids of the pull requests that have one. */
  scheduled: string[];
  methods: readonly ('merge' | 'squash' | 'rebase')[];
  /** In place of what follows from statuses. */
  mergeState?: string;
  /** In place of a merge. */
  refuseMerge?: string;
}

export function newState(): GitHubState {
  return {
    pulls: [],
    branches: new Set(['main']),
    collaborators: new Set(['ann', 'bob']),
    reviews: new Map(),
    comments: new Map(),
    statuses: [],
    commits: new Set([HEAD_COMMIT]),
    options: {
      drafts: true,
      required: [],
      autoMerge: true,
      scheduled: [],
      methods: ['merge', 'squash', 'rebase'],
    },
  };
}

/** The state of the latest status of each context. */
export function statesOf(state: GitHubState, sha: string): Map<string, string> {
  return new Map(state.statuses.filter((one) => one.sha === sha).map((one) => [one.context, one.state]));
}
