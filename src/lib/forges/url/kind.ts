/** A kind of forge, as far as it is known without asking one. */
export interface Kind {
  /** Hosts of the well-known ones; a `*.` stands for any name before the rest. */
  readonly hosts: readonly string[];
  /** How people call the host of one of their own, such as `gitlab.example.com` or `code.gitlab.internal`. */
  readonly labels: readonly string[];
  /** The path of a repository, where no other kind has such a one. */
  readonly path?: RegExp;
  /** How the URL of a repository is written, for people. */
  readonly form: string;
  /** The same over SSH, where it has another path there. */
  readonly sshForm?: string;
  /**
   * Reads the URL of a repository.
   *
   * @throws TurnpikeError SpecInvalid
   */
  readonly address: (url: string) => unknown;
  /** How many branches one push may bring so that the forge does for each of them what it does. */
  readonly branchesAtOnce?: number;
  /** Git takes a token as `Authorization: Bearer`. */
  readonly takesBearer?: boolean;
  /** It rebases nothing that would become something else: nobody has to reckon with a rebase that was not asked for. */
  readonly keepsRebased?: boolean;
}
