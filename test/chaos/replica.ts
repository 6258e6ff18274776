import { appendFileSync, existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { readFlags } from '../../src/cli/flags.ts';
import { SERVE_FLAGS } from '../../src/cli/serve/flags.ts';
import { startProgram } from '../../src/cli/serve/program.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { type Act, LEASE_TIMINGS } from './acts.ts';

/**
 * `turnpike serve` that writes down each failpoint it reaches and, when it finds an order of that name,
 * kills or stops itself there. The harness starts two of these; its own directory comes by the environment.
 */
const { CHAOS_DIRECTORY: directory = '.', CHAOS_REPLICA: replica = '' } = process.env;

const note = (act: Omit<Act, 'at' | 'replica' | 'pid'>) => {
  const line = { at: performance.timeOrigin + performance.now(), replica, pid: process.pid, ...act };
  appendFileSync(join(directory, 'acts'), `${JSON.stringify(line)}\n`);
};

const flags = readFlags(SERVE_FLAGS, process.argv.slice(2), {});
if (!flags.ok) throw new Error(flags.problems.join('\n'));

const log = createLogger({
  level: flags.values['log-level'],
  encoding: 'json',
  write: (line) => process.stdout.write(line),
  now: () => new Date(),
});

await startProgram(flags.values, {
  environment: {},
  leaseTimings: LEASE_TIMINGS,
  log: {
    ...log,
    debug: log.debug.bind(log),
    warn: log.warn.bind(log),
    error: log.error.bind(log),
    child: (fields) => log.child(fields),
    info(fields, message) {
      if (message === 'this replica leads') note({ kind: 'lead' });
      log.info(fields, message);
    },
  },
  async failpoint(failpoint, pipeline) {
    obey(failpoint);
    note({ kind: 'pass', failpoint, pipeline });
  },
});

/** Two replicas may see the same order: it is for the one that can rename it. */
function obey(failpoint: string): void {
  const order = join(directory, `at-${failpoint}`);
  if (!existsSync(order)) return;
  const mine = `${order}.${replica}.${process.pid}`;
  try {
    renameSync(order, mine);
  } catch {
    return;
  }
  const signal = readFileSync(mine, 'utf8') as NodeJS.Signals;
  renameSync(mine, join(directory, 'obeyed', `${failpoint}.${replica}`));
  process.kill(process.pid, signal);
}
