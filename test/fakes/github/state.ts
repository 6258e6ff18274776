import type { Fault } from './answers.ts';
import { type Branches, gitBranches, namedBranches } from './branches.ts';
import type { Asked } from './description.ts';
import type { FakeGit } from './git.ts';
import type { FakePull, FakeStatus } from './types.ts';

export interface FakeCheckRun {
  readonly sha: string;
  readonly name: string;
  status: 'QUEUED' | 'IN_PROGRESS' | 'COMPLETED';
  conclusion: 'SUCCESS' | 'FAILURE' | 'NEUTRAL' | 'SKIPPED' | null;
}

/** The content and the settings of this GitHub's one repository; tests change it. */
export interface GitHubState {
  readonly pulls: FakePull[];
  /** Names of branches, for a stand-in without a Git repository. */
  readonly branches: Set<string>;
  /** The branches of the Git repository, or else of the names. */
  readonly known: Branches;
  /** Users who may be assigned and asked for reviews. */
  readonly collaborators: Set<string>;
  /** Users who have given a review, by pull request. */
  readonly reviews: Map<number, string[]>;
  readonly comments: Map<number, string[]>;
  readonly statuses: FakeStatus[];
  readonly checkRuns: FakeCheckRun[];
  /** Numbers of the pull requests in the merge queue. */
  readonly queue: Set<number>;
  /** The commits that the merge queue has made of base branch and pull request, by number. */
  readonly groups: Map<number, string>;
  /** Events of pull requests, by number, the oldest first. */
  readonly timeline: Map<number, TimelineEvent[]>;
  readonly options: GitHubOptions;
}

export type TimelineEvent = 'ADDED_TO_MERGE_QUEUE_EVENT' | 'HEAD_REF_FORCE_PUSHED_EVENT';

export interface GitHubOptions {
  /** The origin of its pages; its own unless a test says another one. */
  web: string;
  drafts: boolean;
  /** Contexts that branch protection requires. */
  required: string[];
  autoMerge: boolean;
  methods: readonly ('merge' | 'squash' | 'rebase')[];
  /** The base branch takes no merge commits, by branch protection or by a ruleset. */
  linearHistory?: 'protection' | 'ruleset';
  /** The methods that a ruleset of the base branch allows. */
  rulesetMethods?: readonly ('merge' | 'squash' | 'rebase')[];
  /** The base branch has a merge queue. */
  mergeQueue: boolean;
  /** True when the token may read rules of branches. */
  mayReadRules: boolean;
  /** True when the token has the right to merge queues. */
  mayQueue: boolean;
  /** Fields of a pull request that the token may not read, and that are never null. */
  forbidden: readonly string[];
  /** Fields of GraphQL that this version of the server lacks. */
  lacks: readonly string[];
  /** The number of attempts to merge that find that the base branch has just moved. */
  baseMoves: number;
  /** The merge state in place of the one that follows from statuses. */
  mergeState?: string;
  /** Tokens of some kinds may not read check runs. */
  mayReadChecks: boolean;
}

/** Answers what it is for. `path` is below the repository's. */
export type Handler = (state: GitHubState, asked: Asked) => Promise<Fault | undefined>;

export function newState(git: FakeGit | undefined): GitHubState {
  const branches = new Set(['main']);
  return {
    pulls: [],
    branches,
    known: git ? gitBranches(git.repository) : namedBranches(branches),
    collaborators: new Set(['ann', 'bob']),
    reviews: new Map(),
    comments: new Map(),
    statuses: [],
    checkRuns: [],
    queue: new Set(),
    groups: new Map(),
    timeline: new Map(),
    options: {
      web: 'https://github.com',
      drafts: true,
      required: [],
      autoMerge: true,
      methods: ['merge', 'squash', 'rebase'],
      mayReadChecks: true,
      mergeQueue: false,
      mayReadRules: true,
      mayQueue: true,
      forbidden: [],
      lacks: [],
      baseMoves: 0,
    },
  };
}

export function noteEvent({ timeline }: GitHubState, number: number, event: TimelineEvent): void {
  timeline.set(number, [...(timeline.get(number) ?? []), event]);
}

export function fieldsOf({ body }: Asked): Record<string, unknown> {
  return (body ?? {}) as Record<string, unknown>;
}

/** The state of the latest status of each context. */
export function statesOf(state: GitHubState, sha: string): Map<string, string> {
  return new Map(state.statuses.filter((one) => one.sha === sha).map((one) => [one.context, one.state]));
}
