import type { TestRepository } from '../../git/stage/repository.ts';
import { HEAD_COMMIT } from '../pull.ts';

export interface FakePull {
  readonly pullRequestId: number;
  status: 'active' | 'abandoned' | 'completed';
  title: string;
  description?: string;
  readonly sourceRefName: string;
  targetRefName: string;
  forkSource?: object;
  isDraft: boolean;
  lastMergeSourceCommit: { commitId: string };
  lastMergeTargetCommit: { commitId: string };
  mergeStatus: string;
  labels: { readonly name: string; readonly active: boolean }[];
  reviewers: { readonly id: string; readonly uniqueName: string }[];
  autoCompleteSetBy?: { readonly id: string };
  completionOptions?: {
    readonly mergeStrategy?: MergeStrategy;
    readonly autoCompleteIgnoreConfigIds?: readonly number[];
  };
  readonly repository: { readonly project: { readonly id: string } };
}

export type MergeStrategy = 'noFastForward' | 'squash' | 'rebase' | 'rebaseMerge';

export interface FakeStatus {
  readonly id: number;
  readonly state: string;
  readonly description?: string;
  readonly context: { readonly genre: string; readonly name: string };
  readonly targetUrl?: string;
  readonly iterationId?: number;
}

export interface FakePolicy {
  readonly type: { readonly id: string; readonly displayName: string };
  readonly settings?: Readonly<Record<string, string | boolean>>;
  readonly isBlocking: boolean;
  status: 'queued' | 'running' | 'approved' | 'rejected' | 'notApplicable' | 'broken';
}

/** The content and the settings of this Azure's one repository; tests change it. */
export interface AzureState {
  readonly pulls: FakePull[];
  readonly branches: Set<string>;
  /** Unique names by ids. */
  readonly identities: Map<string, string>;
  /** Statuses of commits by their ids, and of pull requests by their numbers. */
  readonly statuses: Map<string, FakeStatus[]>;
  /** Heads of pull request 1 after each push. */
  readonly iterations: string[];
  readonly comments: Map<number, string[]>;
  /** The repository; without it there are names of branches alone. */
  readonly repository: TestRepository | undefined;
  readonly options: AzureOptions;
}

export interface AzureOptions {
  policies: FakePolicy[];
  /** The number of attempts to open a pull request that do not see a branch yet that was just pushed. */
  unseen: number;
  /** Completing takes a moment. */
  slow: boolean;
  mayReadIdentities: boolean;
}

/** The head of main. */
export const BASE_COMMIT = '0000000000000000000000000000000000000001';
export const PROJECT_ID = 'a7573007-bbb3-4341-b726-0c4148a07853';
export const OWN_ID = 'd6245f20-2af8-44f4-9451-8107cb2767db';
export const ANN_ID = '6f168adb-59d4-4fc0-be3b-fb21b939b2a6';
export const BOB_ID = '278d5cd2-584d-4b63-824a-2ba458937249';

export function newState(repository?: TestRepository): AzureState {
  return {
    pulls: [],
    branches: new Set(['main']),
    identities: new Map([
      [ANN_ID, 'ann@example.com'],
      [BOB_ID, 'bob@example.com'],
    ]),
    statuses: new Map(),
    iterations: [HEAD_COMMIT],
    comments: new Map(),
    repository,
    options: { policies: [], unseen: 0, slow: false, mayReadIdentities: true },
  };
}
