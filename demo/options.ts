import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run demo [-- OPTION...]

Walks the version of a chart, and then the tag of an image, from dev to staging to prod before your eyes,
on a real Kubernetes API server and a real Git forge, with Turnpike installed as on any cluster. Everything
runs as local processes on free loopback ports and is gone at the end. What has to be built is built once.

  --flux     Flux's own controllers do Flux's part; they are built first (ten minutes more, once)
  --no-flux  the demo plays Flux's part, even if Flux is built already
             without either: Flux itself if it is built already, else the demo
  --keep     leaves everything running at the end, and says how to look at it
  --stop     ends what --keep left running
  --help     prints this

Exit status: 0 all went well, 1 something failed, 2 wrong usage.
`;

export interface DemoOptions {
  /** Undefined: Flux itself if it is built already. */
  readonly flux: boolean | undefined;
  readonly keep: boolean;
}

export type Request =
  | { readonly kind: 'help' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'demo'; readonly options: DemoOptions }
  | { readonly kind: 'wrong usage'; readonly problem: string };

export function parseRequest(args: readonly string[]): Request {
  try {
    return requestOf(parse(args));
  } catch (error) {
    if (error instanceof TypeError) return { kind: 'wrong usage', problem: error.message };
    throw error;
  }
}

type Flags = ReturnType<typeof parse>;

/** Throws a TypeError for whatever is not a flag of the demo. */
function parse(args: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const;
  const options = { flux: flag, 'no-flux': flag, keep: flag, stop: flag, help: { ...flag, short: 'h' } };
  return parseArgs({ args: [...args], options, allowPositionals: false }).values;
}

function requestOf(flags: Flags): Request {
  if (flags.help) return { kind: 'help' };
  const { flux, keep, stop, 'no-flux': played } = flags;
  if (flux && played) return { kind: 'wrong usage', problem: '--flux and --no-flux exclude each other' };
  if (stop && (flux || played || keep)) return { kind: 'wrong usage', problem: '--stop stands alone' };
  if (stop) return { kind: 'stop' };
  return { kind: 'demo', options: { flux: flux ? true : played ? false : undefined, keep } };
}
