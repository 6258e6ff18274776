import { setTimeout as sleep } from 'node:timers/promises';
import { FAILPOINTS, type FailpointName } from '../../../src/reconcile/failpoints.ts';
import { LEASE_TIMINGS } from '../acts.ts';
import type { Family, Harm, Stage } from '../family.ts';

const WAIT_SECONDS = 20;
const TAKEN_OVER_MS = (LEASE_TIMINGS.leaseSeconds + 2 * LEASE_TIMINGS.retrySeconds) * 1000;
const KILL = 'kill at ';

/** The leader is stopped between two steps until another one leads, and then goes on. */
const pause: Harm = async ({ world, random }) => {
  const failpoint = random.pickAny(FAILPOINTS) ?? 'before-push';
  const stopped = await world.replicas.signalAt([failpoint], 'SIGSTOP', WAIT_SECONDS);
  if (stopped === undefined) return false;
  await sleep(TAKEN_OVER_MS + random.below(1000));
  world.replicas.signal(stopped.name, 'SIGCONT');
  return true;
};

const killLeader: Harm = async ({ world, random }) => {
  await sleep(random.below(1500));
  const leader = world.replicas.leader();
  if (leader) world.replicas.signal(leader, 'SIGKILL');
  return leader !== undefined;
};

const killBoth: Harm = async ({ world, random }) => {
  await sleep(random.below(1500));
  for (const name of ['a', 'b'] as const) world.replicas.signal(name, 'SIGKILL');
  return true;
};

const OTHERS: Readonly<Record<string, Harm>> = {
  'leader killed at random': killLeader,
  'both killed': killBoth,
  'leader paused': pause,
};

async function strike(stage: Stage, due: readonly string[]): Promise<string | undefined> {
  const [first = ''] = due;
  const other = OTHERS[first];
  if (!other) return killAtAnyOf(stage, due);
  return (await other(stage)) ? first : undefined;
}

/** Some failpoints are passed rarely: the leader dies at the first of them that it passes. */
async function killAtAnyOf({ world }: Stage, due: readonly string[]): Promise<string | undefined> {
  const failpoints = FAILPOINTS.filter((failpoint) => due.includes(KILL + failpoint));
  const killed = await world.replicas.signalAt(failpoints, 'SIGKILL', WAIT_SECONDS);
  return killed && KILL + killed.failpoint;
}

/** `kill -9` of the leader at every step of a promotion, and at random. */
export const processFamily: Family = {
  name: 'process',
  faults: [...FAILPOINTS.map((name: FailpointName) => KILL + name), ...Object.keys(OTHERS)],
  strike,
  reviews: [],
  forgets: true,
  abreast: 1,
  pullRequests: 1,
};
