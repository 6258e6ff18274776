import type { Lab } from '../test/lab/lab.ts';
import { createScenario, type Scenario } from '../test/lab/scenario.ts';
import type { Turnpike } from '../test/lab/turnpike.ts';
import { waitUntil } from '../test/lab/wait.ts';
import { memoryOf } from './memory.ts';
import { monorepo } from './monorepo.ts';
import { ownTime, type Times, timePromotion } from './promotion.ts';
import type { Stopwatch } from './stopwatch.ts';
import { type Figure, median, percentile } from './table.ts';

const VERSION = '1.1.0';
const ROUNDS = 15;
/** The number of promotions that Turnpike works on at once. */
export const AT_ONCE = 100;
const REST_SECONDS = 30;
const MINUTE_MS = 60_000;
/** The longest that it takes to deploy all and to send their events. */
const PREPARE_MS = 45_000;
const REPOSITORY = 'bench-monorepo';

interface Setup {
  readonly lab: Lab;
  readonly turnpike: Turnpike;
  readonly watch: Stopwatch;
}

/**
 * Promotions in a large repository: the first one, which copies it; those that find it known, with and
 * without a base branch that has moved; and a hundred at once.
 */
export async function benchGit(lab: Lab, turnpike: Turnpike, watch: Stopwatch): Promise<Figure[]> {
  const setup = { lab, turnpike, watch };
  const url = `${watch.url}/${lab.gitea.user}/${REPOSITORY}`;
  process.stderr.write('making a repository of 12,000 files and its Pipelines\n');
  const apps = await makeApps(lab, url, 1 + 2 * ROUNDS + AT_ONCE);
  await lab.gitea.createRepository(REPOSITORY, monorepo(apps));
  const [first, ...others] = apps;
  if (!first) return [];
  const idle = await memoryOf(turnpike);
  const cold = await timePromotion(first, turnpike, watch, 'dev');
  const warm: Times[] = [];
  for (const app of others.splice(0, ROUNDS)) {
    await closeAll(lab);
    warm.push(await timePromotion(app, turnpike, watch, 'dev'));
  }
  const moved: Times[] = [];
  for (const [round, app] of others.splice(0, ROUNDS).entries()) {
    await closeAll(lab);
    await lab.gitea.commit(REPOSITORY, 'main', { 'README.md': `Round ${round}.\n` }, 'Change something');
    moved.push(await timePromotion(app, turnpike, watch, 'dev'));
  }
  const together = await timeTogether(others, setup);
  return [
    ...coldFigures(cold),
    ...warmFigures('known repository', warm),
    ...warmFigures('known repository, base branch moved', moved),
    ...together,
    ...(await memoryFigures(turnpike, idle)),
  ];
}

async function makeApps(lab: Lab, url: string, count: number): Promise<Scenario[]> {
  const apps: Scenario[] = [];
  const make = () => createScenario(lab, 'bench-git', { url, environments: ['dev', 'staging'] });
  while (apps.length < count) {
    const some = Array.from({ length: Math.min(5, count - apps.length) }, make);
    apps.push(...(await Promise.all(some)));
  }
  return apps;
}

/** Gitea checks every open pull request again whenever the base branch moves. */
async function closeAll({ gitea }: Lab): Promise<void> {
  for (const { number } of await gitea.pulls(REPOSITORY, 'open')) {
    await gitea.close(REPOSITORY, number);
  }
}

/**
 * Every promotion waits for one window and begins when it opens, so that nothing but the promotions takes
 * the machine's time then. The measurement ends when the last pull request is open.
 */
async function timeTogether(apps: readonly Scenario[], setup: Setup): Promise<Figure[]> {
  const { lab, watch } = setup;
  const opensAt = Math.ceil((Date.now() + PREPARE_MS) / MINUTE_MS) * MINUTE_MS;
  await lab.kubectl(['patch', '-f', '-', '--type=merge', '-p', windowFrom(opensAt)], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: apps.map(pipelineOf) }),
  });
  await Promise.all(apps.map((app) => deployAndNotify(app, setup)));
  const left = opensAt - Date.now();
  if (left < 0) throw new Error('the window opened before all events were sent');
  process.stderr.write(
    `waiting ${Math.round(left / 1000)} s for ${apps.length} promotions to begin at once\n`,
  );
  await Bun.sleep(left);
  watch.take();
  const started = performance.now();
  await waitUntil('all pull requests', async () => (await opened(lab, apps)) === apps.length, {
    seconds: 300,
    everyMs: 1_000,
  });
  const { waited, answered, requests } = watch.take();
  const whole = answered - started;
  const count = (pattern: RegExp) => requests.filter((request) => pattern.test(request)).length;
  const calls = count(/ \/api\/v1\//) / apps.length;
  const own = Math.max(0, whole - waited) / 1000;
  return [
    { name: `${apps.length} at once (--concurrent=${AT_ONCE}): all`, value: whole / 1000, unit: 's' },
    goal({ name: `${apps.length} at once: our own time`, value: own, unit: 's' }, 2),
    goal({ name: `${apps.length} at once: fetches`, value: count(/^POST .*\/git-upload-pack/), unit: '' }, 1),
    goal({ name: `${apps.length} at once: pushes`, value: count(/^POST .*\/git-receive-pack/), unit: '' }, 1),
    goal({ name: `${apps.length} at once: forge calls for each`, value: calls, unit: '' }, 6),
  ];
}

/** A patch that allows promotions from that time on, for twelve hours. */
function windowFrom(opensAt: number): string {
  const clock = (at: number) => new Date(at).toISOString().slice(11, 16);
  const windows = [{ from: clock(opensAt), to: clock(opensAt + 720 * MINUTE_MS) }];
  return JSON.stringify({ spec: { promotion: { gates: { windows } } } });
}

function pipelineOf({ name: namespace }: Scenario) {
  return {
    apiVersion: 'pipelines.weave.works/v1alpha1',
    kind: 'Pipeline',
    metadata: { name: 'app', namespace },
  };
}

async function deployAndNotify(app: Scenario, { turnpike }: Setup): Promise<void> {
  await app.deploy('dev', VERSION);
  const answer = await app.notify(turnpike.hook, 'dev', VERSION);
  if (!answer.ok) throw new Error(`an event was answered ${answer.status}: ${await answer.text()}`);
}

async function opened(lab: Lab, apps: readonly Scenario[]): Promise<number> {
  const names = new Set(apps.map(({ name }) => name));
  const answer = await lab.request('GET', '/apis/pipelines.weave.works/v1alpha1/pipelines');
  const { items } = (await answer.json()) as { items: Listed[] };
  return items.filter(({ metadata, status }) => {
    return names.has(metadata.namespace) && status?.environments?.staging?.promotion?.pullRequest;
  }).length;
}

interface Listed {
  readonly metadata: { readonly namespace: string };
  readonly status?: { environments?: Record<string, { promotion?: { pullRequest?: unknown } }> };
}

function coldFigures(times: Times): Figure[] {
  return [
    goal({ name: 'first promotion: event to pull request', value: times.opened / 1000, unit: 's' }, 4),
    { name: 'first promotion: our own time', value: ownTime(times) / 1000, unit: 's' },
  ];
}

function warmFigures(what: string, times: readonly Times[]): Figure[] {
  const own = times.map(ownTime);
  const opened = median(times.map((time) => time.opened)) / 1000;
  const recorded = median(times.map((time) => time.whole - time.opened));
  const asked = median(times.map((time) => time.asked));
  const forge = median(times.map(({ waited }) => waited)) / 1000;
  return [
    goal({ name: `${what}: our own time, median`, value: median(own), unit: 'ms' }, 60),
    { name: `${what}: our own time, p90`, value: percentile(own, 0.9), unit: 'ms' },
    { name: `${what}: the forge's answers to questions in that`, value: asked, unit: 'ms' },
    goal(
      { name: `${what}: event to pull request`, value: opened, unit: 's' },
      1,
      ' (predecessor: 8.5 to 19.3 s, with an API that answers at once)',
    ),
    { name: `${what}: push and pull request at the forge in that`, value: forge, unit: 's' },
    { name: `${what}: recorded after it`, value: recorded, unit: 'ms' },
  ];
}

async function memoryFigures(turnpike: Turnpike, idle: number): Promise<Figure[]> {
  const after = await memoryOf(turnpike);
  await Bun.sleep(REST_SECONDS * 1000);
  const rested = await memoryOf(turnpike);
  return [
    goal({ name: 'memory over idle, after all of it', value: after - idle, unit: 'MB' }, 150),
    { name: `memory over idle, ${REST_SECONDS} s later`, value: rested - idle, unit: 'MB' },
  ];
}

function goal(figure: Figure, atMost: number, note = ''): Figure {
  return { ...figure, goal: `at most ${atMost} ${figure.unit}${note}`.trim(), met: figure.value <= atMost };
}
