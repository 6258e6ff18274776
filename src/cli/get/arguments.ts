import { parseArgs } from 'node:util';
import type { ClusterOptions } from '../connect.ts';
import { shortOptions, usageProblem } from '../flags.ts';

export const OUTPUTS = ['table', 'json', 'yaml'] as const;
export type Output = (typeof OUTPUTS)[number];

export interface GetArguments {
  /** Undefined: all. */
  readonly name?: string;
  /** Undefined: the one of the kubeconfig's context. */
  readonly namespace?: string;
  readonly allNamespaces: boolean;
  readonly output: Output;
  readonly watch: boolean;
  readonly cluster: ClusterOptions;
}

const OPTIONS = {
  namespace: { type: 'string', short: 'n' },
  'all-namespaces': { type: 'boolean', short: 'A' },
  output: { type: 'string', short: 'o' },
  watch: { type: 'boolean', short: 'w' },
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
} as const;

/** Reads the command line, or gives the sentence that says what is wrong with it. */
export function readGetArguments(args: readonly string[]): GetArguments | string {
  try {
    const parsed = parseArgs({ args: shortOptions(args), options: OPTIONS, allowPositionals: true });
    return checked(parsed.values, parsed.positionals);
  } catch (error) {
    return `${usageProblem(error)}.`;
  }
}

type Given = Partial<Record<keyof typeof OPTIONS, string | boolean>>;

function checked(given: Given, [name, ...more]: readonly string[]): GetArguments | string {
  if (more.length > 0) return 'One name at most: leave out the name to see all Pipelines.';
  if (name === '' || given.namespace === '') return 'A name must not be empty.';
  if (given.namespace !== undefined && given['all-namespaces']) return 'Write -n or -A, not both.';
  if (name !== undefined && given['all-namespaces']) {
    return 'A Pipeline is looked up by its name in one namespace: write -n in place of -A.';
  }
  const output = OUTPUTS.find((one) => one === (given.output ?? 'table'));
  if (!output) return `-o: ${JSON.stringify(given.output)} is not one of ${OUTPUTS.join(', ')}.`;
  return {
    ...(name !== undefined && { name }),
    ...(given.namespace !== undefined && { namespace: String(given.namespace) }),
    allNamespaces: given['all-namespaces'] === true,
    output,
    watch: given.watch === true,
    cluster: { kubeconfig: String(given.kubeconfig ?? ''), context: String(given.context ?? '') },
  };
}
