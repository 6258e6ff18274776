import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectLab } from '../../lab/lab.ts';
import { exitWithParent } from '../../lab/parent.ts';
import { createRandom } from '../random.ts';
import type { ActContext } from './act.ts';
import { ACTS } from './acts.ts';
import type { Order } from './perform.ts';

/**
 * Performs one act; perform.ts starts it. A real attacker has a machine of their own: here the act gets the
 * processor time that the others leave.
 */
exitWithParent();
setPriority(10);
// Errors that an act provokes on its own connections are part of it.
process.on('uncaughtException', (error) => process.stderr.write(`${error}\n`));
process.on('unhandledRejection', (error) => process.stderr.write(`${error}\n`));

const order = JSON.parse(process.argv[2] ?? '') as Order;
const act = ACTS.find(({ name }) => name === order.act);
if (!act) throw new Error(`There is no act ${order.act}.`);
const ended = new AbortController();
let count = 0;

const MAX_LATE_SECONDS = 30;

/** Waits longer on a slow machine, where the act's turn comes late. */
async function endInTime(): Promise<void> {
  await sleep(order.seconds * 1000);
  for (let late = 0; late < MAX_LATE_SECONDS && count === 0; late += 1) await sleep(1000);
  ended.abort();
}

const context = {
  lab: await connectLab(order.connectionFile),
  hook: order.hook,
  admissionPort: order.admissionPort,
  random: createRandom(`${order.seed}/${act.name}`),
  begin: () => void endInTime(),
  reached() {
    count += 1;
  },
  signal: ended.signal,
  note: (sentence: string) => void process.stderr.write(`${sentence}\n`),
} satisfies ActContext;
await act.perform(context).catch((error) => {
  process.stderr.write(`${error}\n`);
  process.exit(1);
});
process.stdout.write(JSON.stringify({ reached: count }));
process.exit(0);
