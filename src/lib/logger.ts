type Write = (fields: Record<string, unknown>, message: string) => void;

/** What the rest of the program logs through: static messages, everything that varies in the fields. */
export interface Logger {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  child(fields: Record<string, unknown>): Logger;
  /** Runs work whose lines, however deep below they are written, have these fields too until it has ended. */
  scope<T>(fields: Readonly<Record<string, unknown>>, work: () => Promise<T>): Promise<T>;
}
