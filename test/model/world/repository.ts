/** Repositories with their pull requests, as forges keep them. */

/** The revision at the marker of each environment. */
export type Content = Readonly<Record<string, string>>;

export interface Branch {
  readonly commit: string;
  /** The base branch's content when the branch was built on it. */
  readonly from: Content;
  /** The environment whose marker it changes, and what it writes there. */
  readonly environment: string;
  readonly brings?: string;
  /** Commits of people on it. */
  readonly work: readonly string[];
}

export interface Pull {
  readonly number: number;
  readonly head: string;
  readonly base: string;
  readonly state: 'open' | 'merged' | 'closed';
  readonly title: string;
  readonly body: string;
  /** The author. */
  readonly by: 'turnpike' | 'person';
  readonly environment: string;
  /** The head's branch when it was closed or merged. */
  readonly last?: Branch;
  /** A person opened it again, after Turnpike or after a person had closed it. */
  readonly reopened?: Pull['by'] | undefined;
  /** The one who closed it. */
  readonly closedBy?: Pull['by'];
  /** The forge merges it once its checks have passed. */
  readonly scheduled?: true;
}

export interface Repository {
  /** Base branches, and what they hold. */
  readonly bases: Readonly<Record<string, Content>>;
  /** Promotion branches. */
  readonly branches: Readonly<Record<string, Branch>>;
  readonly pulls: readonly Pull[];
  /** `turnpike/promotion` by commit. */
  readonly statuses: Readonly<Record<string, string>>;
  /** Two markers are on neighbouring lines: a merge of one brings the other's branch into conflict. */
  readonly neighbours: boolean;
  /** The base branch takes only branches that are up to date with it. */
  readonly strict: boolean;
  /** Only people may close a pull request. */
  readonly refuses: boolean;
  /** The forge answers nothing. */
  readonly away: boolean;
  /** Checks are pending: a merge waits for them. */
  readonly checking: boolean;
}
