import { pino } from 'pino';
import { errorMessage } from '../../lib/errors.ts';
import { escapeControlsInLines } from '../../lib/text/index.ts';
import { createLogger } from '../../telemetry/log.ts';
import type { Command, Io } from '../command.ts';
import { describeFlags, environmentName, readFlags } from '../flags.ts';
import { VERSION } from '../version.ts';
import { SERVE_FLAGS, type ServeConfig } from './flags.ts';
import { startProgram } from './program.ts';

const STDOUT = 1;

function help(): string {
  return `Usage: turnpike serve [FLAGS]

Runs the controller: the promotion webhook, the admission webhook, the reconciler, metrics and probes.

Each flag is also an environment variable, such as ${environmentName('log-level')}; a flag wins.
HTTPS_PROXY, HTTP_PROXY and NO_PROXY are for requests to forges and to Git hosts by https.

${describeFlags(SERVE_FLAGS)}
`;
}

export const serve: Command = {
  summary: 'runs the controller',
  help,
  async run(args, io) {
    const flags = readFlags(SERVE_FLAGS, args, io.environment);
    if (!flags.ok) {
      io.err(`${flags.problems.map((problem) => `turnpike serve: ${problem}`).join('\n')}\n`);
      io.err('Usage: turnpike serve [FLAGS]\nturnpike serve --help lists them.\n');
      return 2;
    }
    return runUntilEnded(flags.values, io);
  },
};

async function runUntilEnded(config: ServeConfig, io: Io): Promise<number> {
  const stdout = pino.destination({ fd: STDOUT, sync: true });
  const log = createLogger({
    level: config['log-level'],
    encoding: config['log-encoding'],
    write: (line) => stdout.write(line),
    now: () => new Date(),
  });
  try {
    log.info({ version: VERSION }, 'starting');
    const program = await startProgram(config, { log, environment: io.environment });
    await new Promise((resolve) => io.signal.addEventListener('abort', resolve));
    log.info({}, 'stopping');
    await program.stop();
    log.info({}, 'stopped');
    return 0;
  } catch (error) {
    log.error({ error: errorMessage(error) }, 'cannot start');
    io.err(`turnpike serve: ${escapeControlsInLines(errorMessage(error))}\n`);
    return 1;
  }
}
