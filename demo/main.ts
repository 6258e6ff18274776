import { errorMessage } from '../src/lib/errors.ts';
import { stopKeptLabs } from '../test/lab/lab.ts';
import { exitWithParent } from '../test/lab/parent.ts';
import { collectEvidence } from './failure.ts';
import { describeKept } from './keep.ts';
import { type DemoOptions, parseRequest, USAGE } from './options.ts';
import { createPrinter, type Printer } from './print.ts';
import { type Running, runDemo } from './run.ts';
import { createSteps, type Steps } from './steps.ts';

/** `npm run demo`: see options.ts. Returns the exit status. */
async function main(args: readonly string[]): Promise<number> {
  const request = parseRequest(args);
  switch (request.kind) {
    case 'help':
      process.stdout.write(USAGE);
      return 0;
    case 'wrong usage':
      process.stderr.write(`${request.problem}\n\n${USAGE}`);
      return 2;
    case 'stop':
      return await stop();
    case 'demo':
      return await demo(request.options);
  }
}

async function stop(): Promise<number> {
  const directories = await stopKeptLabs();
  const lines = directories.map((directory) => `Ended what ran in ${directory}, and removed it.`);
  process.stdout.write(`${lines.length > 0 ? lines.join('\n') : 'Nothing was left running.'}\n`);
  return 0;
}

async function demo(options: DemoOptions): Promise<number> {
  exitWithParent();
  const print = createPrinter({
    write: (text) => process.stdout.write(text),
    terminal: process.stdout.isTTY === true,
    colours: process.stdout.isTTY === true && !process.env.NO_COLOR,
    now: () => performance.now(),
  });
  const steps = createSteps(print);
  // A closed standard output ends the demo: a reader such as "head" needs no more of it.
  process.stdout.on('error', () => process.exit(1));
  const running: Running = {};
  const ending = { print, steps, running, keep: options.keep };
  const signal = firstSignal();
  const run = runDemo(options, ending).then(
    () => succeed(ending),
    // Ctrl-C reaches kubectl as well, which then fails in its own way.
    async (error: unknown) => (await Promise.race([signal, Bun.sleep(500)])) ?? fail(ending, error),
  );
  const outcome = await Promise.race([run, signal]);
  if (typeof outcome === 'number') return outcome;
  print.title(`${outcome}: the demo ends here, and takes down what it started.`);
  await running.lab?.stop();
  return EXIT_STATUS[outcome];
}

interface Ending {
  readonly print: Printer;
  readonly steps: Steps;
  readonly running: Running;
  readonly keep: boolean;
}

async function succeed(ending: Ending): Promise<number> {
  const { print, steps } = ending;
  print.title('Summary');
  print.raw(steps.table());
  await end(ending);
  return 0;
}

async function fail(ending: Ending, error: unknown): Promise<number> {
  const { print, steps, running, keep } = ending;
  print.title(`Failed: ${steps.failed() ?? 'the demo'}`);
  print.raw(errorMessage(error), 'red');
  if (running.lab !== undefined) {
    const { ended, tail, directory } = await collectEvidence(running.lab, { copy: !keep });
    print.raw(['', ...ended, tail, `Logs of all programs: ${directory}`].join('\n'));
  }
  print.title('Until then');
  print.raw(steps.table());
  await end(ending);
  return 1;
}

async function end({ keep, print, running: { lab, turnpike } }: Ending): Promise<void> {
  if (lab === undefined) return;
  if (keep) {
    await lab.keep();
    print.raw(`\n${describeKept({ lab, turnpike })}`);
    return;
  }
  await lab.stop();
  print.raw('\nEverything that was started is gone again; npm run demo -- --keep leaves it running.');
}

const EXIT_STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Later ones, such as from an impatient second Ctrl-C, change nothing. */
function firstSignal(): Promise<keyof typeof EXIT_STATUS> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(signal));
  });
}

const status = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${errorMessage(error)}\n`);
  return 1;
});
await new Promise((resolve) => process.stdout.write('', resolve));
process.exit(status);
