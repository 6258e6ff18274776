import type { MergeMethod } from './types.ts';

/**
 * Hides a line that is for us. A forge that shows HTML as text hides a link reference: Markdown shows none that
 * nothing refers to (https://spec.commonmark.org/0.31.2/#link-reference-definitions).
 */
export type HiddenBy = 'comment' | 'reference';

/** A pull request, the same for every forge. */
export interface PullRequest {
  readonly number: number;
  /** Its page, at the origin of the repository. */
  readonly url: string;
  /** A sentence on the page that the forge names, where that is wrong; another one is in its place then. */
  readonly pageProblem?: string;
  readonly state: 'open' | 'merged' | 'closed';
  /** Without what the forge puts before it to mark a draft. */
  readonly title: string;
  readonly body: string;
  readonly base: string;
  readonly head: string;
  readonly draft: boolean;
  /** Why the forge cannot merge it as it is; absent: it can, or does not say. */
  readonly mergeable?: Unmergeable;
  /** The forge is still finding out whether it can be merged. */
  readonly checking?: boolean;
  /** The head branch's commit as the forge knows it; it may come a moment after a push. */
  readonly headCommit?: string;
  readonly labels: readonly string[];
  /** User names. */
  readonly assignees: readonly string[];
  /** User names of those asked for a review; of Azure's reviewers ids and unique names. */
  readonly reviewers: readonly string[];
}

/** `conflicting`: with its base branch; `behind`: the base branch takes only what is built on all of it. */
export type Unmergeable = 'conflicting' | 'behind';

export interface NewPullRequest {
  readonly head: string;
  readonly base: string;
  readonly title: string;
  readonly body: string;
  /** Only where the forge has drafts. */
  readonly draft?: boolean;
}

/** Labels and people of a pull request. */
export interface Metadata {
  readonly labels: readonly string[];
  readonly assignees: readonly string[];
  readonly reviewers: readonly string[];
}

/** The status of a commit in the context `turnpike/promotion`. */
export interface CommitStatus {
  readonly state: 'pending' | 'success' | 'failure';
  /** Cut to what the forge takes. */
  readonly description: string;
  readonly url?: string;
  /** The pull request's number: Azure's branch policies look at the statuses of pull requests alone. */
  readonly pullRequest?: number;
}

/**
 * `scheduled`: the forge merges it by itself once its own rules are met. `isOtherHead`: somebody else has pushed, and an
 * auto-merge that was asked for would merge that.
 */
export type MergeOutcome =
  | { readonly kind: 'merged' }
  | { readonly kind: 'scheduled' }
  | {
      readonly kind: 'not-yet';
      readonly reason: string;
      readonly mergeable?: Unmergeable;
      readonly isOtherHead?: true;
    };

export interface MergeOptions {
  /** The base branch that is meant. */
  readonly base: string;
  /** The forge may be asked to merge it later by itself. */
  readonly mayWait: boolean;
  /** How it is to be merged; absent: the first way that the forge and the branch allow. */
  readonly method?: MergeMethod;
  /** The forge was asked to merge it later by itself, and was not told to stop since. */
  readonly scheduled?: boolean;
  /** When the commit was pushed (RFC 3339), where that is known. */
  readonly pushedAt?: string;
  readonly now: Date;
}

/**
 * The operations on one repository of a forge. All throw TurnpikeError with the codes of
 * `createForgeCall`.
 */
export interface Forge {
  /** Characters that a body may have at most, where that is fewer than we write. */
  readonly maxBody?: number;
  /** Hides a line of a body, where an HTML comment does not. */
  readonly hiddenBy?: HiddenBy;
  /** Git takes a token as `Authorization: Bearer`. */
  readonly takesBearer?: boolean;
  /** Where Git finds the repository, where that is another address than its page. */
  readonly cloneUrl?: string;
  /** `exists`: there is an open one of the same branches. */
  create(input: NewPullRequest): Promise<PullRequest | 'exists'>;
  /** The open one of these branches. */
  find(head: string, base: string): Promise<PullRequest | undefined>;
  get(number: number): Promise<PullRequest | undefined>;
  /** A draft stays a draft, and what is none becomes none. */
  update(number: number, change: PullRequestChange): Promise<PullRequest>;
  /**
   * Adds what is missing and removes nothing; no request when nothing is missing. Returns a sentence for
   * each thing that the forge refuses for good.
   */
  setMetadata(pull: PullRequest, wanted: Metadata): Promise<readonly string[]>;
  /** Says something in a comment, unless the latest comments say it already. */
  comment(pull: PullRequest, text: string): Promise<void>;
  /** Says why in a comment and closes what was read a moment ago; one that is not open is left as it is. */
  close(pull: PullRequest, reason: string): Promise<void>;
  setStatus(commit: string, status: CommitStatus): Promise<void>;
  /**
   * Merges at this head commit and no other, into this base and no other: at once when the forge's rules
   * allow it and no check of the commit is pending or failing, required or not; else it asks for the forge's
   * own auto-merge where that waits for a rule, and `mayWait` allows it. Neither happens before the checks had
   * time to begin, nor without any where the head of the base branch has some; our own status is no check.
   * Once asked for, GitLab and Bitbucket drop an auto-merge when the branch moves; GitHub, Gitea and Azure
   * keep it for whatever is pushed by who may write, so that it is to be taken back then.
   */
  merge(pull: PullRequest, commit: string, options: MergeOptions): Promise<MergeOutcome>;
  /** Takes back an auto-merge that was asked for; where there is none it is done. */
  cancelMerge(pull: PullRequest): Promise<void>;
  /** The page that compares two branches. */
  compareUrl(base: string, head: string): string;
}

/** `base` moves the pull request to another base branch. */
export interface PullRequestChange {
  readonly title: string;
  readonly body: string;
  readonly base?: string;
}
