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
  /** Who opened it. */
  readonly by: 'turnpike' | 'person';
  readonly environment: string;
  /** Of the head when it was closed or merged. */
  readonly last?: Branch;
  /** A person opened it again, after Turnpike or after a person had closed it. */
  readonly reopened?: Pull['by'] | undefined;
  /** Who closed it. */
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
  /** Two markers stand on neighbouring lines: a merge of one brings the other's branch into conflict. */
  readonly neighbours: boolean;
  /** Only what is built on all of the base branch is merged. */
  readonly strict: boolean;
  /** It lets nobody close a pull request but people. */
  readonly refuses: boolean;
  /** It answers nothing. */
  readonly away: boolean;
  /** Checks are pending: what is to be merged waits for them. */
  readonly checking: boolean;
}
