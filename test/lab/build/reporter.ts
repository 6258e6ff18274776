/** Reports work that takes long to a person. */
export interface Reporter {
  /** A line that stays. */
  note(line: string): void;
  /** A line of progress; on a terminal the next line takes its place. */
  progress(line: string): void;
}

export const silent: Reporter = { note: () => {}, progress: () => {} };

export interface ReporterOptions {
  readonly terminal: boolean;
  readonly write: (text: string) => void;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
}

/** A plain log gets a progress line every so many milliseconds only. */
const PLAIN_EVERY_MS = 30_000;
const CLEAR_LINE = '\r\u001b[K';

export function createReporter({ terminal, write, now }: ReporterOptions): Reporter {
  let last = now();
  return {
    note(line) {
      last = now();
      write(terminal ? `${CLEAR_LINE}${line}\n` : `${line}\n`);
    },
    progress(line) {
      if (terminal) return write(`${CLEAR_LINE}${line}`);
      if (now() - last < PLAIN_EVERY_MS) return;
      last = now();
      write(`${line}\n`);
    },
  };
}

/** A reporter on standard error, which leaves standard output to results. */
export function reportToStderr(): Reporter {
  return createReporter({
    terminal: process.stderr.isTTY === true,
    write: (text) => process.stderr.write(text),
    now: () => performance.now(),
  });
}

/** `45 s`, `3 min`, `3.5 min` */
export function duration(seconds: number): string {
  if (seconds < 100) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 30) / 2} min`;
}
