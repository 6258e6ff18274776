import { join } from 'node:path';
import { lastLines } from '../../lab/command.ts';

const PERFORMER = join(import.meta.dir, 'performer.ts');
/** Time for an act to make its repositories before, and to remove what it has made. */
const GRACE_SECONDS = 90;

/** The order to the process of an act. */
export interface Order {
  readonly act: string;
  readonly seed: string;
  readonly seconds: number;
  readonly connectionFile: string;
  readonly hook: string;
  readonly admissionPort: number;
}

export interface Performed {
  readonly act: string;
  readonly reached: number;
  /** The act's own words, with its sizes and pace. */
  readonly said: string;
}

/** Runs an act in a process of its own, so that what it does takes nothing of the clock that measures. */
export async function perform(order: Order): Promise<Performed> {
  const child = Bun.spawn([process.execPath, PERFORMER, JSON.stringify(order)], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const late = setTimeout(() => child.kill('SIGKILL'), (order.seconds + GRACE_SECONDS) * 1000);
  const [printed, said, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  clearTimeout(late);
  const { reached } = code === 0 ? (JSON.parse(printed) as { reached: number }) : { reached: 0 };
  return { act: order.act, reached, said: lastLines(said, 5) };
}
