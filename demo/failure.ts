import { cp, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { lastLines } from '../test/lab/command.ts';
import type { Lab } from '../test/lab/lab.ts';

const TAIL_LINES = 12;
const MAX_LINE = 400;

/** The state of a lab's programs when something has failed. */
export interface Evidence {
  /** A sentence for each program that is not running any more. */
  readonly ended: readonly string[];
  /** The end of the log that says most, under its name. */
  readonly tail: string;
  /** The directory of all programs' logs. */
  readonly directory: string;
}

/** Reads the logs of a lab; they are copied elsewhere when it is about to be removed. */
export async function collectEvidence(lab: Lab, { copy }: { copy: boolean }): Promise<Evidence> {
  const from = join(lab.directory, 'run');
  const files = await readdir(from);
  const logs = files.filter((name) => name.endsWith('.log'));
  const dead = files.filter((name) => name.endsWith('.exit')).map((name) => basename(name, '.exit'));
  const ended = await Promise.all(dead.map((name) => describeEnd(from, name)));
  const tail = await tailOf(from, [...dead.map((name) => `${name}.log`), 'turnpike.log', ...logs]);
  if (!copy) return { ended, tail, directory: from };
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-demo-logs-'));
  for (const name of logs) await cp(join(from, name), join(directory, name));
  return { ended, tail, directory };
}

async function describeEnd(directory: string, name: string): Promise<string> {
  const status = (await Bun.file(join(directory, `${name}.exit`)).text()).trim();
  return `${name} has ended by itself, with status ${status}.`;
}

/** The end of the first of these logs that is there and not empty. */
async function tailOf(directory: string, names: readonly string[]): Promise<string> {
  const name = names.find((candidate) => Bun.file(join(directory, candidate)).size > 0);
  if (name === undefined) return 'No program has written a log.';
  const lines = lastLines(await Bun.file(join(directory, name)).text(), TAIL_LINES).split('\n');
  const cut = lines.map((line) => (line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line));
  return `The end of ${name}:\n${cut.map((line) => `  ${line}`).join('\n')}`;
}
