import { join } from 'node:path';
import { buildTurnpike, describeBuild } from '../scripts/build.ts';
import { errorMessage } from '../src/lib/errors.ts';
import { reportToStderr } from './lab/build/reporter.ts';
import { CONNECTION_VARIABLE } from './lab/environment.ts';
import { installLab, type Lab, startLab } from './lab/lab.ts';
import { exitWithParent } from './lab/parent.ts';
import { type Summary, summarize, TAIL_LENGTH } from './summary.ts';

const ROOT = join(import.meta.dir, '..');

/** Of one test or hook, unless it names its own. */
const TIMEOUT_MS = 30_000;

const PARTS = { gitea: true, registry: true, flux: true };

/** Files there get along without a control plane and without the compiled program. */
const WITHOUT_LAB = ['test/unit', 'test/http', 'test/fuzz', 'test/model'];

/** `npm test`: builds what is missing, starts one lab for all test files and runs them. */
async function main(args: readonly string[]): Promise<void> {
  exitWithParent();
  const summary = await runAll(args).catch((error: unknown) => {
    console.error(errorMessage(error));
    return { passed: 0, failed: 1 };
  });
  await new Promise((resolve) => process.stderr.write('', resolve));
  console.log(`${summary.passed} passed, ${summary.failed} failed`);
  process.exit(summary.failed === 0 ? 0 : 1);
}

async function runAll(args: readonly string[]): Promise<Summary> {
  if (!needsLab(args)) return runTests(args, undefined);
  const reporter = reportToStderr();
  await installLab(PARTS, reporter);
  reporter.note(describeBuild(await buildTurnpike()));
  const started = performance.now();
  await using lab = await startLab({ ...PARTS, reporter });
  reporter.note(`the lab is up after ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return await runTests(args, lab);
}

function needsLab(args: readonly string[]): boolean {
  const filters = args.filter((argument) => argument.startsWith('test/'));
  return (
    filters.length === 0 || !filters.every((filter) => WITHOUT_LAB.some((path) => filter.startsWith(path)))
  );
}

async function runTests(args: readonly string[], lab: Lab | undefined): Promise<Summary> {
  const child = Bun.spawn([process.execPath, 'test', `--timeout=${TIMEOUT_MS}`, ...args], {
    cwd: ROOT,
    env: {
      ...process.env,
      ...(lab === undefined ? {} : { [CONNECTION_VARIABLE]: lab.connectionFile }),
      ...(process.stderr.isTTY ? { FORCE_COLOR: '1' } : {}),
    },
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'pipe',
  });
  const release = await lab?.adopt('tests', child.pid);
  const tail = await passThrough(child.stderr);
  const code = await child.exited;
  await release?.();
  return summarize(tail, code);
}

/** Copies to standard error as it comes, and returns the end of it. */
async function passThrough(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let tail = '';
  for await (const chunk of stream) {
    process.stderr.write(chunk);
    tail = (tail + decoder.decode(chunk, { stream: true })).slice(-TAIL_LENGTH);
  }
  return tail;
}

await main(process.argv.slice(2));
