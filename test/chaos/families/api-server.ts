import { setTimeout as sleep } from 'node:timers/promises';
import { connectSupervisor } from '../../lab/supervisor.ts';
import { type Family, type Harm, oneByOne, type Stage } from '../family.ts';
import type { Action, Exchange } from '../proxy.ts';

const isWatch = ({ path }: Exchange) => path.includes('watch=true');
const isStatus = ({ method, path }: Exchange) => method === 'PATCH' && path.includes('/status?');
const isWrite = ({ method }: Exchange) => method !== 'GET';
const isAny = (exchange: Exchange) => !isWatch(exchange);

const EXPIRED = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
const JSON_TYPE = { 'content-type': 'application/json' };

/** The API server is killed and comes back; one time in five it takes as long as the scale allows. */
const outage: Harm = async ({ world, random, scale }) => {
  await world.lab.stopApiserver();
  await sleep(outageMs(random.chance(0.2), scale.outageSeconds, random.below(1000)));
  await world.lab.startApiserver();
  return true;
};

const outageWithEtcd: Harm = async ({ world, random, scale }) => {
  const supervisor = connectSupervisor(world.lab.directory);
  await world.lab.stopApiserver();
  await (await supervisor.process('etcd')).stop('SIGKILL');
  await sleep(outageMs(random.chance(0.2), scale.outageSeconds, random.below(1000)));
  await supervisor.startAgain('etcd');
  await world.lab.startApiserver();
  return true;
};

function outageMs(long: boolean, seconds: number, thousandth: number): number {
  return long ? seconds * 1000 : Math.min(8, seconds) * thousandth;
}

/** All watches break off, and the server has forgotten the version to resume from. */
function expire(action: Action): Harm {
  return async ({ world }) => {
    const injected = world.api.faults.inject({ matches: isWatch, effect: () => action }, { seconds: 5 });
    world.api.proxy.cutAnswers();
    return injected;
  };
}

const cutWatches: Harm = async ({ world }) => world.api.proxy.cutAnswers() > 0;

function befall(matches: (exchange: Exchange) => boolean, count: number, action: Action): Harm {
  return ({ world }) => world.api.faults.inject({ matches, effect: () => action }, { count, seconds: 3 });
}

/** Another writer changes the Pipeline a moment before each write of its status. */
const conflict: Harm = ({ world, random }) => {
  const touch = (path: string) =>
    fetch(`${world.lab.server}${path}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify({ metadata: { annotations: { touched: String(random.below(1e9)) } } }),
      tls: { ca: world.lab.ca, cert: world.lab.admin.cert, key: world.lab.admin.key },
    }).catch(() => undefined);
  const effect = ({ path }: Exchange): Action => ({
    kind: 'after',
    act: () => touch(path.replace(/\/status\?.*$/, '')),
  });
  return world.api.faults.inject({ matches: isStatus, effect }, { count: 20, seconds: 3 });
};

const answer = (status: number, headers: Record<string, string> = {}): Action => ({
  kind: 'answer',
  status,
  headers: { ...JSON_TYPE, ...headers },
  body: JSON.stringify({ kind: 'Status', code: status, message: 'made up by the test' }),
});

const silent = (stage: Stage): Action => ({
  kind: 'silence',
  ms: Math.min(12, stage.scale.silenceSeconds) * 1000,
});

export const apiServerFamily: Family = {
  name: 'api-server',
  ...oneByOne({
    outage,
    'outage with etcd': outageWithEtcd,
    'watch answered 410': expire(answer(410)),
    'watch event 410': expire({
      kind: 'answer',
      status: 200,
      headers: JSON_TYPE,
      body: `${JSON.stringify({ type: 'ERROR', object: EXPIRED })}\n`,
    }),
    'watches cut': cutWatches,
    429: befall(isAny, 30, answer(429, { 'retry-after': '1' })),
    500: befall(isAny, 30, answer(500)),
    'conflict on every write': conflict,
    'write lost on its way': befall(isWrite, 3, { kind: 'drop' }),
    'answer to a write lost': befall(isWrite, 3, { kind: 'lose' }),
    'silence on a write': (stage) =>
      stage.world.api.faults.inject(
        { matches: isWrite, effect: () => silent(stage) },
        { count: 3, seconds: 3 },
      ),
  }),
  reviews: [],
  abreast: 1,
  pullRequests: 0.25,
};
