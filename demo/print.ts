import { createReporter, type Reporter } from '../test/lab/build/reporter.ts';

/** The stream that the demo prints to. */
export interface Output {
  write(text: string): void;
  /** True when a line can be replaced. */
  readonly terminal: boolean;
  readonly colours: boolean;
  /** Milliseconds; only differences count. */
  now(): number;
}

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, cyan: 36 } as const;
export type Style = keyof typeof STYLES;

export interface Printer {
  /** A line of its own at the left edge, for titles. */
  title(text: string): void;
  /** A sentence with the time since the start in front of it. */
  say(text: string, style?: Style): void;
  /** Lines that belong to the sentence before, below it. */
  more(text: string, style?: Style): void;
  /** Text as it is, but for the style. */
  raw(text: string, style?: Style): void;
  /** Shows the progress of work that takes minutes. */
  readonly reporter: Reporter;
  /** Time since the start. */
  seconds(): number;
}

const TIME_WIDTH = 8;
const INDENT = ' '.repeat(TIME_WIDTH + 2);

export function createPrinter({ write, terminal, colours, now }: Output): Printer {
  const start = now();
  const seconds = () => (now() - start) / 1000;
  const paint = (text: string, style?: Style) =>
    colours && style !== undefined ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text;
  // Its notes take the place of a line of progress.
  const inner = createReporter({ terminal, write, now });
  const timed = (text: string, style?: Style) => {
    const time = `${seconds().toFixed(1)} s`.padStart(TIME_WIDTH);
    return `${paint(time, 'dim')}  ${paint(text, style)}`;
  };

  return {
    title: (text) => write(`\n${paint(text, 'bold')}\n`),
    say: (text, style) => write(`${timed(text, style)}\n`),
    more: (text, style) => {
      for (const line of text.trimEnd().split('\n')) write(`${INDENT}${paint(line, style)}\n`);
    },
    raw: (text, style) => write(`${paint(text, style)}\n`),
    reporter: { note: (line) => inner.note(timed(line)), progress: (line) => inner.progress(timed(line)) },
    seconds,
  };
}

const WIDTH = 90;
/** A blank that no line may end at; printed as a plain one. */
export const NO_BREAK = '\u00a0';

/** Prose in lines of a length that is read with ease. */
export function wrap(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + word.length >= WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.join('\n').replaceAll(NO_BREAK, ' ');
}

/** Columns that line up; the last is not padded. `right`: indexes of columns of numbers. */
export function formatRows(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  const pad = (cell: string, column: number) => {
    const width = widths[column] ?? 0;
    return right.includes(column) ? cell.padStart(width) : cell.padEnd(width);
  };
  return rows.map((row) => row.map(pad).join('   ').trimEnd()).join('\n');
}
