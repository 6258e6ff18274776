import { constants, existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastLines, runOrThrow } from './command.ts';
import { waitFor, waitUntil } from './wait.ts';

const SCRIPT = join(import.meta.dir, 'supervisor.sh');

/** A program to run beside the tests, with everything it needs to be started a second time. */
export interface ProcessSpec {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface SupervisedProcess {
  readonly name: string;
  readonly pid: number;
  /** Standard output and error together. */
  readonly logFile: string;
  log(): Promise<string>;
  /** The exit status once it has ended (128 and more: a signal), undefined while it runs. */
  exitStatus(): Promise<number | undefined>;
  /** Waits for its end, at most so many seconds, and returns the exit status. */
  ended(seconds: number): Promise<number>;
  /** Sends the signal (default: SIGTERM), waits for the end and returns the exit status. */
  stop(signal?: NodeJS.Signals): Promise<number>;
}

/**
 * Runs processes that end with their owner, and then removes its directory: even a SIGKILL of the owner
 * leaves nothing behind. See supervisor.sh.
 */
export interface Supervisor {
  /** Removed with everything in it at the end. */
  readonly directory: string;
  start(name: string, spec: ProcessSpec): Promise<SupervisedProcess>;
  /** Starts a process of that name again as it was started before. */
  startAgain(name: string): Promise<SupervisedProcess>;
  process(name: string): Promise<SupervisedProcess>;
  /** Registers a process that was started elsewhere to be killed at the end too; returns the way to take that back. */
  adopt(name: string, pid: number): Promise<() => Promise<void>>;
  /** Keeps everything running from now on when the owner is gone, until `stop`; see `keptDirectories`. */
  keep(): Promise<void>;
  /** Ends all and waits until the directory is gone. */
  stop(): Promise<void>;
}

const PREFIX = 'turnpike-lab-';

/** Makes a new directory in `parent`, to be removed with its processes when this process ends. */
export async function startSupervisor(parent: string): Promise<Supervisor> {
  const directory = await mkdtemp(join(parent, PREFIX));
  await mkdir(join(directory, 'run'));
  await runOrThrow(['mkfifo', '-m', '600', join(directory, 'run', 'control')]);
  const shell = Bun.spawn(['bash', SCRIPT, directory], {
    detached: true,
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'ignore',
  });
  shell.unref();
  // The listener keeps the pipe from being collected, and with it closed, before this process ends.
  process.on('exit', () => shell.stdin.end());
  await waitUntil('the supervisor of the lab', () => existsSync(join(directory, 'run', 'supervisor')), {
    seconds: 10,
    everyMs: 5,
  });
  return connectSupervisor(directory);
}

/** Reaches a supervisor that runs already, from any process of the same user. */
export function connectSupervisor(directory: string): Supervisor {
  const run = (file: string) => join(directory, 'run', file);
  const order = (line: string) => writeOrder(run('control'), line);
  const process = (name: string) => describeProcess(name, run);

  async function startAgain(name: string): Promise<SupervisedProcess> {
    await Promise.all([rm(run(`${name}.pid`), { force: true }), rm(run(`${name}.exit`), { force: true })]);
    await order(`start ${name}`);
    await waitUntil(`${name} to start`, () => existsSync(run(`${name}.pid`)), { seconds: 10, everyMs: 5 });
    return process(name);
  }

  async function adopt(name: string, pid: number): Promise<() => Promise<void>> {
    await writeFile(run(`${name}.pid`), `${pid}\n`);
    return () => rm(run(`${name}.pid`), { force: true });
  }

  async function keep(): Promise<void> {
    await order('keep');
    await waitUntil('the lab to be kept', () => existsSync(run('kept')), { seconds: 10, everyMs: 5 });
  }

  async function stop(): Promise<void> {
    if (!existsSync(directory)) return;
    await order('quit').catch((error: unknown) => {
      if (!isUnheard(error)) throw error;
      return rm(directory, { recursive: true, force: true });
    });
    await waitUntil(`${directory} to be gone`, () => !existsSync(directory), { seconds: 20, everyMs: 10 });
  }

  return {
    directory,
    startAgain,
    process,
    adopt,
    keep,
    stop,
    async start(name, spec) {
      await writeFile(run(`${name}.sh`), toScript(spec), { mode: 0o600 });
      return startAgain(name);
    },
  };
}

/** The directories in `parent` whose supervisors keep running without their owner. */
export async function keptDirectories(parent: string): Promise<string[]> {
  const names = await readdir(parent);
  const directories = names.filter((name) => name.startsWith(PREFIX)).map((name) => join(parent, name));
  return directories.filter((directory) => existsSync(join(directory, 'run', 'kept')));
}

/** Opens the pipe without blocking: one without a reader refuses to be opened instead of waiting. */
async function writeOrder(pipe: string, line: string): Promise<void> {
  const file = await open(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    await file.write(`${line}\n`);
  } finally {
    await file.close();
  }
}

/** A pipe without a reader, or none at all: the supervisor has ended, or died with the machine. */
function isUnheard(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENXIO' || error.code === 'ENOENT');
}

async function describeProcess(name: string, run: (file: string) => string): Promise<SupervisedProcess> {
  const pid = Number(await readFile(run(`${name}.pid`), 'utf8'));
  const logFile = run(`${name}.log`);

  async function exitStatus(): Promise<number | undefined> {
    const text = await readFile(run(`${name}.exit`), 'utf8').catch(() => '');
    return text.trim() === '' ? undefined : Number(text);
  }

  function ended(seconds: number): Promise<number> {
    const look = async () => {
      const status = await exitStatus();
      return status === undefined ? { saw: 'running' } : { done: status };
    };
    return waitFor(`${name} to end`, look, { seconds, everyMs: 10 });
  }

  return {
    name,
    pid,
    logFile,
    log: () => readFile(logFile, 'utf8'),
    exitStatus,
    ended,
    async stop(signal = 'SIGTERM') {
      if ((await exitStatus()) === undefined) process.kill(pid, signal);
      return ended(30);
    },
  };
}

/** Waits until `ready`, and fails at once with the end of its log when the process ends before. */
export async function waitForProcess(
  { name, exitStatus, log }: SupervisedProcess,
  ready: () => Promise<boolean> | boolean,
  seconds: number,
): Promise<void> {
  const ended = await waitFor(
    `${name} to be ready`,
    async () => {
      const status = await exitStatus();
      if (status !== undefined) return { done: status };
      return (await ready()) ? { done: undefined } : { saw: lastLines(await log(), 5) };
    },
    { seconds, everyMs: 25 },
  );
  if (ended === undefined) return;
  throw new Error(`${name} ended with status ${ended} before it was ready:\n${lastLines(await log(), 20)}`);
}

function toScript({ argv, env = {}, cwd }: ProcessSpec): string {
  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}`);
  const enter = cwd === undefined ? [] : [`cd ${quote(cwd)} || exit`];
  return `${[...exports, ...enter, `exec ${argv.map(quote).join(' ')}`].join('\n')}\n`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
