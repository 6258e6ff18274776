import type { FileEdit } from '../../api/change.ts';
import type { Waiting } from '../../lib/async/index.ts';
import type { GitCredentials, Person, SigningKey } from '../../lib/git/index.ts';

/** The promotion branch as it shall be: the base branch's tip plus one commit that sets markers and fields. */
export interface BranchUpdate {
  readonly url: string;
  readonly baseBranch: string;
  readonly branch: string;
  /** The commit goes to the base branch itself, and `branch` is that one. */
  readonly isDirect?: boolean;
  /** No person decides about the commit before it is in the base branch. */
  readonly isUnattended?: boolean;
  /** How many branches the push that it goes with may bring, where the forge bounds that. */
  readonly branchesAtOnce?: number;
  /** Turnpike may merge it by a rebase, which leaves out merge commits, and brings what they replace. */
  readonly mayBeRebased?: boolean;
  /** `<namespace>:<name>:<environment>`. */
  readonly markerKey: string;
  /** Places that are set beside the markers. */
  readonly files?: readonly FileEdit[] | undefined;
  readonly revision: string;
  readonly message: string;
  /**
   * The last push of ours to the branch, as the record says: the commit of a result `pushed` and never one of `unchanged`,
   * which may be somebody else's, and the revision that it was pushed for.
   */
  readonly pushed?: { readonly commit?: string; readonly revision?: string };
  /** The Pipeline chose the branch's name, and no pull request from it is recorded: one that is there may be anybody's. */
  readonly mayBeTaken?: boolean;
  readonly author: Person;
  /** The author unless given. */
  readonly committer?: Person;
  readonly credentials: GitCredentials;
  /** Signs the commit. */
  readonly signing?: SigningKey;
  readonly now: Date;
  /** Told of the bytes of a fetch as they come. */
  readonly received?: (bytes: number) => void;
  /** Waits for a turn of ours, which takes none of its time. */
  readonly waiting?: Waiting;
  /** Once aborted, nothing more is pushed of this update. */
  readonly signal?: AbortSignal;
  /** Asked right before the push; when it throws, this update is not pushed. */
  readonly fence?: () => Promise<void>;
}

/** One scalar that was changed. */
export interface FileChange {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly from: string;
  readonly to: string;
}

/**
 * `problems` are markers and fields that were meant but cannot be used, each a sentence that says where. `blocked`:
 * nothing was pushed, `commit` is the branch's tip, and `reason` is a sentence for people.
 */
export type BranchResult =
  | {
      readonly kind: 'pushed' | 'unchanged';
      readonly commit: string;
      /** Commits of others are on the branch, and stay there. */
      readonly others?: true;
      /** The base branch lacks these of the revision. */
      readonly changes: readonly FileChange[];
      readonly problems: readonly string[];
      /** As in the status. */
      readonly byVersion?: readonly string[] | undefined;
    }
  | {
      readonly kind: 'blocked';
      readonly commit: string;
      readonly reason: string;
      readonly problems: readonly string[];
    }
  | {
      readonly kind: 'in-base';
      readonly problems: readonly string[];
      readonly byVersion?: readonly string[] | undefined;
    };

/** Asks for a branch. */
export type BranchLook = Pick<BranchUpdate, 'url' | 'branch' | 'credentials' | 'signal' | 'waiting'>;

/** Asks for what the base branch has. */
export type BaseLook = Pick<
  BranchUpdate,
  | 'url'
  | 'baseBranch'
  | 'markerKey'
  | 'files'
  | 'revision'
  | 'credentials'
  | 'signal'
  | 'received'
  | 'waiting'
>;

/**
 * `partly`: other places have the revision, such as where one was added since. `values`: some of those that stand
 * where it does not, each once.
 */
export type BaseState =
  | { readonly kind: 'in-base' }
  | { readonly kind: 'differs' | 'partly'; readonly values: readonly string[] };

/**
 * A branch whose commit is made and not sent: of the two, one is called, once, and soon, for those that are pushed
 * together with it wait a moment for it.
 */
export interface PreparedBranch {
  /** With all that has come together with it; when these were pushed without it, it is prepared anew. */
  push(): Promise<BranchResult>;
  discard(): void;
}

/** All throw TurnpikeError. */
export interface BranchUpdater {
  /** Looks at the repository and makes what is to be pushed. */
  prepare(update: BranchUpdate): Promise<PreparedBranch>;
  /** Both in one go, for what may be pushed at once. */
  updateBranch(update: BranchUpdate): Promise<BranchResult>;
  /** Tells whether the repository has the branch; one request. */
  hasBranch(look: BranchLook): Promise<boolean>;
  /** Tells whether the base branch has the revision wherever a marker or `files` names a place for it. Pushes nothing. */
  inspect(look: BaseLook): Promise<BaseState>;
  close(): Promise<void>;
}
