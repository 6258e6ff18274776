import { writeSync } from 'node:fs';
import type { Command, Io } from './cli/command.ts';
import { crd } from './cli/crd.ts';
import { get } from './cli/get/get.ts';
import { serve } from './cli/serve/serve.ts';
import { createValidate } from './cli/validate/validate.ts';
import { version } from './cli/version.ts';

const validate = createValidate({
  isTerminal: () => process.stdin.isTTY === true,
  read: () => process.stdin,
});

const COMMANDS: Readonly<Record<string, Command>> = { serve, get, validate, crd, version };

function usage(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return `Turnpike promotes applications from environment to environment on Flux.

Usage: turnpike COMMAND [FLAGS]

${lines.join('\n')}

turnpike COMMAND --help explains a command.
`;
}

async function main(args: readonly string[], io: Io): Promise<number> {
  const [name = '', ...rest] = args;
  if (name === '--help' || name === '-h' || name === 'help') {
    io.out(usage());
    return 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    io.err(name === '' ? usage() : `turnpike: unknown command ${JSON.stringify(name)}.\n\n${usage()}`);
    return 2;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    io.out(command.help());
    return 0;
  }
  return command.run(rest, io);
}

const ended = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    // A second signal ends it at once.
    if (ended.signal.aborted) process.exit(1);
    ended.abort();
  });
}

const [STDOUT, STDERR] = [1, 2];

/** Whole and at once: what waits in a stream when the process ends would be lost. */
function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  let done = 0;
  while (done < bytes.length) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EPIPE') return; // Nobody reads on, as with head.
      if (code !== 'EAGAIN') throw error;
      Bun.sleepSync(1);
    }
  }
}

process.exit(
  await main(process.argv.slice(2), {
    environment: process.env,
    out: (text) => writeAll(STDOUT, text),
    err: (text) => writeAll(STDERR, text),
    signal: ended.signal,
  }),
);
