import type { Command, Io } from '../command.ts';
import { describeFlags, environmentName } from '../flags.ts';
import { POLICY_FLAGS } from '../policy-flags.ts';
import { type Arguments, OWN_FLAGS, readArguments } from './arguments.ts';
import { checkPipelines } from './check.ts';
import { collect } from './collect.ts';
import type { Problem } from './problem.ts';
import type { StandardInput } from './read.ts';
import { counts, jsonReport, textReport } from './report.ts';

const USAGE = 'Usage: turnpike validate [-f PATH…|-] [-o json] [FLAGS]';

function help(): string {
  return `${USAGE}

Checks Pipeline manifests with the rules of the admission webhook, without a cluster. Each fault is a line
on standard output, path:line:column: field: message; warnings go to standard error.

A PATH is a file, a directory (all .yaml, .yml and .json files below it), or - for standard input. Several
may follow one -f, and without any, a pipe is read. Secrets, SealedSecrets and ExternalSecrets that are
found along with the Pipelines are checked for the keys that the Pipelines need. Files that a kustomization
names as patches are skipped, since they hold parts of Pipelines: check the output of kustomize.

Exit status: 0 without errors (warnings do not count), 1 with errors, 2 for wrong usage.

Examples:
  turnpike validate -f pipeline.yaml          one file
  turnpike validate -f clusters apps          everything in two directories
  kubectl kustomize . | turnpike validate -f -
                                              an overlay as it is applied
  kubectl get pipelines,secrets -A -o yaml | turnpike validate -o json
                                              what a cluster holds
  turnpike validate -f . --git-hosts github.com
                                              with the hosts that the controller allows

  -f, --filename PATH
      Files and directories to check; - is standard input.
  -o, ${describeFlags(OWN_FLAGS).trimStart()}
${describeFlags(POLICY_FLAGS)}
      The last five are environment variables too, such as ${environmentName('git-hosts')}; a flag wins.
`;
}

/** The command `turnpike validate`. */
export function createValidate(standardInput: StandardInput): Command {
  return {
    summary: 'checks Pipeline manifests without a cluster',
    help,
    async run(args, io) {
      const given = readArguments(args, io.environment);
      if (!('paths' in given)) return misused(io, given);
      if (given.paths.includes('')) return misused(io, ['A path must not be empty.']);
      if (given.paths.length === 0 && standardInput.isTerminal()) {
        return misused(io, ['Name files or directories with -f, or pipe manifests in.']);
      }
      const paths = given.paths.length === 0 ? ['-'] : given.paths;
      return Promise.race([validate({ ...given, paths }, standardInput, io), aborted(io.signal)]);
    },
  };
}

function misused({ err }: Io, problems: readonly string[]): number {
  err(problems.map((problem) => `turnpike validate: ${problem}\n`).join(''));
  err(`${USAGE}\nturnpike validate --help explains it.\n`);
  return 2;
}

async function validate(
  { paths, own, policy }: Arguments,
  standardInput: StandardInput,
  io: Io,
): Promise<number> {
  const limits = { maxFiles: own['max-files'], maxFileSize: own['max-file-size'] };
  const allowed = {
    allowed: policy['git-hosts'],
    insecure: policy['insecure-git-hosts'],
    noCrossNamespaceRefs: policy['no-cross-namespace-refs'],
    requireAllowedHosts: policy['require-allowed-hosts'],
  };
  const collected = await collect(paths, limits, standardInput);
  const clusterHosts = {
    allowed: policy['cluster-hosts'],
    insecure: allowed.insecure,
    allowLoopback: false,
  };
  const found = checkPipelines(collected.pipelines, collected.secrets, {
    policy: allowed,
    clusterHosts,
    now: new Date(),
  });
  const problems = inOrder([...collected.problems, ...found], collected.paths);
  const report = own.output === 'json' ? jsonReport : textReport;
  const { out, err } = report({ paths, collected, problems });
  if (out !== '') io.out(out);
  io.err(err);
  return counts(problems).errors > 0 ? 1 : 0;
}

/** As the files were read; what is of no file comes first. */
function inOrder(problems: readonly Problem[], paths: readonly string[]): Problem[] {
  const order = new Map(paths.map((path, index) => [path, index]));
  const rank = ({ path }: Problem) => order.get(path) ?? -1;
  return problems.toSorted((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
}

/** Ends on a signal: the command may wait for standard input without end. */
function aborted(signal: AbortSignal): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  if (signal.aborted) resolve(1);
  signal.addEventListener('abort', () => resolve(1));
  return promise;
}
