import type { MergeMethod } from './types.ts';

/**
 * The form of a hidden line of ours. A forge that shows HTML as text hides a link reference: Markdown does not show a
 * link reference that is not used (https://spec.commonmark.org/0.31.2/#link-reference-definitions).
 */
export type HiddenBy = 'comment' | 'reference';

/** A pull request, the same for every forge. */
export interface PullRequest {
  readonly number: number;
  /** Its page, at the origin of the repository. */
  readonly url: string;
  /** A sentence on the page that the forge names, where that is wrong; `url` is another one then. */
  readonly pageProblem?: string;
  readonly state: 'open' | 'merged' | 'closed';
  /** The title without the forge's own prefix that marks a draft. */
  readonly title: string;
  readonly body: string;
  readonly base: string;
  readonly head: string;
  readonly draft: boolean;
  /** The reason why the forge cannot merge it as it is; absent: it can, or does not say. */
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
 * `scheduled`: the forge merges it by itself once its own rules are met. `isOtherHead`: another user has pushed, and an
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
  /** The method to merge it by; absent: the first one that the forge and the branch allow. */
  readonly method?: MergeMethod;
  /** The forge was asked to merge it later by itself, and that was not taken back since. */
  readonly scheduled?: boolean;
  /** The time at which the commit was pushed (RFC 3339), where that is known. */
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
  /** The address of the repository for Git, where it differs from the page's. */
  readonly cloneUrl?: string;
  /** `exists`: there is an open one of the same branches. */
  create(input: NewPullRequest): Promise<PullRequest | 'exists'>;
  /** Finds the open pull request of these branches. */
  find(head: string, base: string): Promise<PullRequest | undefined>;
  get(number: number): Promise<PullRequest | undefined>;
  /** Changes a pull request. A draft stays a draft, and no other becomes one. */
  update(number: number, change: PullRequestChange): Promise<PullRequest>;
  /**
   * Adds what is missing and removes nothing; no request when nothing is missing. Returns a sentence for
   * each thing that the forge refuses for good.
   */
  setMetadata(pull: PullRequest, wanted: Metadata): Promise<readonly string[]>;
  /** Adds a comment, unless the latest comments have it already. */
  comment(pull: PullRequest, text: string): Promise<void>;
  /**
   * Comments with the reason and closes a pull request that was read a moment ago; one that is not open is left as it
   * is.
   */
  close(pull: PullRequest, reason: string): Promise<void>;
  setStatus(commit: string, status: CommitStatus): Promise<void>;
  /**
   * Merges at this head commit and no other, into this base and no other: at once when the forge's rules allow it and
   * no check of the commit is pending or failing, required or not; else it asks for the forge's own auto-merge where
   * that waits for a rule, and `mayWait` allows it. Neither happens before the checks had time to begin, nor without
   * any where the head of the base branch has some; our own status is no check. GitLab and Bitbucket drop an auto-merge
   * when the branch moves; GitHub, Gitea and Azure keep it for every later push of users who may write, so the caller
   * has to take it back then.
   */
  merge(pull: PullRequest, commit: string, options: MergeOptions): Promise<MergeOutcome>;
  /** Takes back an auto-merge that was asked for; does nothing where there is none. */
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
