/** A command, and what it needs of the process around it. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** The text that `--help` prints. */
  readonly help: () => string;
  /** Exit status: 0 done, 1 what was asked for failed, 2 wrong usage. */
  readonly run: (args: readonly string[], io: Io) => Promise<number>;
}

export interface Io {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Aborted when the process is asked to end. */
  readonly signal: AbortSignal;
}
