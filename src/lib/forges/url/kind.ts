/** A kind of forge, as far as it is known without asking one. */
export interface Kind {
  /** Hosts of the well-known ones; a `*.` stands for any name before the rest. */
  readonly hosts: readonly string[];
  /** The labels in hosts of self-managed ones, such as `gitlab.example.com` or `code.gitlab.internal`. */
  readonly labels: readonly string[];
  /** The path of a repository, where no other kind has a path of this form. */
  readonly path?: RegExp;
  /** The form of a repository's URL, for people. */
  readonly form: string;
  /** The form over SSH, where the path differs there. */
  readonly sshForm?: string;
  /**
   * Reads the URL of a repository.
   *
   * @throws TurnpikeError SpecInvalid
   */
  readonly address: (url: string) => unknown;
  /** The number of branches that one push may bring so that the forge does for each of them what it does. */
  readonly branchesAtOnce?: number;
  /** Git takes a token as `Authorization: Bearer`. */
  readonly takesBearer?: boolean;
  /** It rebases nothing that would become something else: a rebase that was not asked for need not be reckoned with. */
  readonly keepsRebased?: boolean;
}
