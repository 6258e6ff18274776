import { HEAD_COMMIT } from '../pull.ts';

export interface FakeUser {
  readonly id: number;
  readonly username: string;
}

export interface FakeRequest {
  readonly id: number;
  readonly iid: number;
  readonly web_url: string;
  state: 'opened' | 'closed' | 'merged' | 'locked';
  title: string;
  description: string | null;
  draft: boolean;
  source_branch: string;
  target_branch: string;
  source_project_id: number;
  target_project_id: number;
  sha: string;
  labels: string[];
  assignees: FakeUser[];
  reviewers: FakeUser[];
  merge_when_pipeline_succeeds: boolean;
  detailed_merge_status: string;
  has_conflicts: boolean;
  squash: boolean;
}

/** A job, or a status from outside. */
export interface FakeStatus {
  readonly sha: string;
  readonly name: string;
  status: string;
  readonly allow_failure: boolean;
  description?: string;
  target_url?: string;
}

/** A pipeline that hangs on a commit which GitLab made of both branches. */
export interface FakeResult {
  readonly id: number;
  readonly sha: string;
  readonly ref: string;
  status: string;
  readonly parents: readonly string[];
}

/** The content and the settings of this GitLab's one project; tests change it. */
export interface GitLabState {
  readonly mergeRequests: FakeRequest[];
  readonly branches: Set<string>;
  readonly commits: Set<string>;
  readonly users: FakeUser[];
  readonly notes: Map<number, string[]>;
  readonly statuses: FakeStatus[];
  /** Results of the first merge request. */
  readonly results: FakeResult[];
  readonly options: GitLabOptions;
}

export interface GitLabOptions {
  /** The origin of its pages; its own unless a test says another one. */
  web: string;
  mayMerge: boolean;
  /** The number of requests that do not see the source branch, which was pushed a moment ago. */
  unseen: number;
  approved: boolean;
  conflicted: boolean;
  /** The number of requests to merge that come before GitLab has found out whether it can. */
  checking: number;
  /** The project's merge method. */
  mergeMethod: 'merge' | 'rebase_merge' | 'ff';
  squash: 'never' | 'always' | 'default_on' | 'default_off';
  /** GitLab fails to take an auto-merge back. */
  stuck: boolean;
  /** Auto-merge waits for approvals too, as since GitLab 17. */
  waitsForApprovals: boolean;
  /** The number of people that a merge request may have in each role; one in the free plan. */
  people: number;
}

/** The head of every branch but those that a merge request is of. */
export const BASE_COMMIT = '0000000000000000000000000000000000000001';

export const GITLAB_PROJECT = 'acme/platform/fleet';

export function newState(): GitLabState {
  return {
    mergeRequests: [],
    branches: new Set(['main']),
    commits: new Set([HEAD_COMMIT]),
    users: [
      { id: 11, username: 'ann' },
      { id: 12, username: 'bob' },
    ],
    notes: new Map(),
    statuses: [],
    results: [],
    options: {
      web: '',
      mayMerge: true,
      unseen: 0,
      approved: true,
      conflicted: false,
      checking: 0,
      mergeMethod: 'merge',
      squash: 'default_off',
      stuck: false,
      waitsForApprovals: true,
      people: 9,
    },
  };
}

/** The latest status of each name. */
export function latestOf(state: GitLabState, sha: string): FakeStatus[] {
  const ofCommit = state.statuses.filter((one) => one.sha === sha);
  return [...new Map(ofCommit.map((one) => [one.name, one])).values()];
}

export function pipelineOf(state: GitLabState, sha: string): { status: string } | null {
  const counted = latestOf(state, sha).filter((one) => !one.allow_failure);
  if (counted.length === 0) return null;
  if (counted.some(({ status }) => status === 'failed')) return { status: 'failed' };
  const isDone = counted.every(({ status }) => status === 'success' || status === 'skipped');
  return { status: isDone ? 'success' : 'running' };
}

/** The newest of those of the merge request. */
export function headPipelineOf(state: GitLabState, sha: string): { status: string } | null {
  return state.results.at(-1) ?? pipelineOf(state, sha);
}
