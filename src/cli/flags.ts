import { parseArgs } from 'node:util';
import { errorMessage } from '../lib/errors.ts';
import { commaSeparated, durationSeconds } from '../lib/text/index.ts';

/** Flags of a command: each is also an environment variable, and a flag wins over that. */
export interface Flag<T> {
  readonly default: string;
  /** For `--help`. */
  readonly help: string;
  /** The value, or a thrown sentence that says what to write instead. */
  readonly parse: (text: string) => T;
  /** May stand alone: `--leader-elect`. */
  readonly switch?: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: the table holds flags of all types
export type Flags = Readonly<Record<string, Flag<any>>>;
export type Values<F extends Flags> = { readonly [K in keyof F]: ReturnType<F[K]['parse']> };

export type ParsedFlags<F extends Flags> =
  | { readonly ok: true; readonly values: Values<F> }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads all flags and reports all faults at once. */
export function readFlags<F extends Flags>(
  flags: F,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ParsedFlags<F> {
  const given = parse(flags, args);
  if (typeof given === 'string') return { ok: false, problems: [given] };
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(flags)) {
    const variable = environment[environmentName(name)];
    const text = given[name] ?? variable ?? flag.default;
    const source = given[name] === undefined && variable !== undefined ? environmentName(name) : `--${name}`;
    try {
      values[name] = flag.parse(text);
    } catch (error) {
      problems.push(`${source}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, values: values as Values<F> };
}

function parse(flags: Flags, args: readonly string[]): Record<string, string> | string {
  const spelled = spelledOut(flags, args);
  const options = Object.fromEntries(Object.keys(flags).map((name) => [name, { type: 'string' as const }]));
  try {
    return parseArgs({ args: spelled, options, allowPositionals: false }).values as Record<string, string>;
  } catch (error) {
    return usageProblem(error);
  }
}

/** Switches that stand alone with the value that they have then. */
export function spelledOut(flags: Flags, args: readonly string[]): string[] {
  return args.map((arg) => (flags[arg.slice(2)]?.switch ? `${arg}=true` : arg));
}

/** Short options with their value as kubectl takes them too: `-o=json`. */
export function shortOptions(args: readonly string[]): string[] {
  return args.map((arg) => arg.replace(/^-([fno])=/, '-$1'));
}

/** The message of `parseArgs` without its advice, which is about its own API; no full stop at the end. */
export function usageProblem(error: unknown): string {
  const [sentence = ''] = errorMessage(error).split(/\. |\.?\n/);
  return sentence.replace(/\.$/, '');
}

export function environmentName(flag: string): string {
  return `TURNPIKE_${flag.toUpperCase().replaceAll('-', '_')}`;
}

/** A table of flags, defaults and what they mean, wrapped for a terminal. */
export function describeFlags(flags: Flags): string {
  return Object.entries(flags)
    .map(([name, flag]) => {
      const value = flag.switch ? '' : ' VALUE';
      const given = flag.default === '' ? 'empty' : flag.default;
      return `  --${name}${value}\n      ${flag.help} Default: ${given}.`;
    })
    .join('\n');
}

export function text(value: string): string {
  return value;
}

export function list(value: string): readonly string[] {
  return commaSeparated(value);
}

export function boolean(value: string): boolean {
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0' || value === '') return false;
  throw new Error(`${JSON.stringify(value)} is neither true nor false.`);
}

export function wholeNumber(min: number): (value: string) => number {
  return (value) => {
    if (/^\d{1,15}$/.test(value) && Number(value) >= min) return Number(value);
    throw new Error(`${JSON.stringify(value)} is not a whole number of at least ${min}.`);
  };
}

export function oneOf<T extends string>(...choices: readonly T[]): (value: string) => T {
  return (value) => {
    const choice = choices.find((one) => one === value);
    if (choice !== undefined) return choice;
    throw new Error(`${JSON.stringify(value)} is not one of ${choices.join(', ')}.`);
  };
}

/** Seconds of a duration as Go writes it (`1h30m`, `500ms`); a plain number is in seconds. */
export function seconds(value: string): number {
  const parsed = /^\d+(\.\d+)?$/.test(value) ? Number(value) : durationSeconds(value);
  if (parsed !== undefined) return parsed;
  throw new Error(`${JSON.stringify(value)} is not a duration: write 10m, 90s or 1h30m.`);
}

const UNIT_BYTES: Readonly<Record<string, number>> = { '': 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/** Bytes of a size such as `512MiB`, `2GiB` or `1Gi`. */
export function bytes(value: string): number {
  const parts = /^(\d{1,12})\s?(Ki|Mi|Gi|)B?$/.exec(value);
  if (!parts) throw new Error(`${JSON.stringify(value)} is not a size: write 512MiB or 2GiB.`);
  return Number(parts[1]) * (UNIT_BYTES[parts[2] ?? ''] ?? 1);
}
