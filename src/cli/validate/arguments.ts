import { parseArgs } from 'node:util';
import {
  bytes,
  type Flags,
  oneOf,
  readFlags,
  shortOptions,
  spelledOut,
  usageProblem,
  type Values,
  wholeNumber,
} from '../flags.ts';
import { POLICY_FLAGS } from '../policy-flags.ts';

export const OWN_FLAGS = {
  output: { default: 'text', help: 'text, or json for one JSON object.', parse: oneOf('text', 'json') },
  'max-files': { default: '10000', help: 'Files looked at, at most.', parse: wholeNumber(1) },
  'max-file-size': { default: '10MiB', help: 'Size of one file, at most.', parse: bytes },
} as const satisfies Flags;

export interface Arguments {
  /** In the order in which they are given, `-f` or not. */
  readonly paths: readonly string[];
  readonly own: Values<typeof OWN_FLAGS>;
  readonly policy: Values<typeof POLICY_FLAGS>;
}

/** Reads the command line, or gives sentences about everything that is wrong with it. */
export function readArguments(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Arguments | readonly string[] {
  const split = splitArguments(args);
  if (typeof split === 'string') return [split];
  const own = readFlags(OWN_FLAGS, flagsOf(split.values, OWN_FLAGS), {});
  const policy = readFlags(POLICY_FLAGS, flagsOf(split.values, POLICY_FLAGS), environment);
  if (own.ok && policy.ok) return { paths: split.paths, own: own.values, policy: policy.values };
  return [own, policy].flatMap((flags) => (flags.ok ? [] : flags.problems));
}

function splitArguments(args: readonly string[]) {
  const names = Object.keys({ ...OWN_FLAGS, ...POLICY_FLAGS }).filter((name) => name !== 'output');
  const long = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  const options = {
    ...long,
    filename: { type: 'string', short: 'f', multiple: true },
    output: { type: 'string', short: 'o' },
  } as const;
  const spelled = shortOptions(spelledOut(POLICY_FLAGS, args));
  try {
    const { values, tokens } = parseArgs({ args: spelled, options, allowPositionals: true, tokens: true });
    const paths = tokens.flatMap((token) => {
      if (token.kind === 'positional') return [token.value];
      return token.kind === 'option' && token.name === 'filename' ? [token.value ?? ''] : [];
    });
    return { values: values as Readonly<Record<string, unknown>>, paths };
  } catch (error) {
    return usageProblem(error);
  }
}

function flagsOf(values: Readonly<Record<string, unknown>>, flags: Flags): string[] {
  return Object.keys(flags).flatMap((name) => (name in values ? [`--${name}=${String(values[name])}`] : []));
}
