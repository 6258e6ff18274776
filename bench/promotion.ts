import type { Gitea } from '../test/lab/gitea/forge.ts';
import type { Lab } from '../test/lab/lab.ts';
import { createScenario, type Scenario } from '../test/lab/scenario.ts';
import type { Turnpike } from '../test/lab/turnpike.ts';
import type { Stopwatch } from './stopwatch.ts';
import { type Figure, median, percentile } from './table.ts';

const GOAL_MS = 60;
const VERSION = '1.1.0';
/** Gitea goes on with the pull request before, on the same processors, after it has answered. */
const REST_MS = 2_000;

export interface Times {
  /** Milliseconds until the pull request is recorded and the event's sender has its answer. */
  readonly whole: number;
  /** Milliseconds until the pull request is open. */
  readonly opened: number;
  /** Milliseconds in which the forge's answers to the push and to the creation of the pull request were waited for. */
  readonly waited: number;
  /** The same for its other answers. */
  readonly asked: number;
}

/**
 * Measures the time from the event to the open pull request, each round in a repository of its own: of one
 * application, when the repository is seen for the first time; of another one, when it is known; and of
 * that into the next environment, when the base branch has moved, since its pull request was merged.
 */
export async function benchPromotion(
  lab: Lab,
  turnpike: Turnpike,
  watch: Stopwatch,
  rounds = 15,
): Promise<Figure[]> {
  const { gitea } = lab;
  const first: Times[] = [];
  const known: Times[] = [];
  const moved: Times[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const repository = `bench-${round}`;
    const url = `${watch.url}/${gitea.user}/${repository}`;
    const one = await createScenario(lab, 'bench-promotion', { url, environments: ['dev', 'staging'] });
    const other = await createScenario(lab, 'bench-promotion', { url });
    await gitea.createRepository(repository, filesOf([one, other]));
    first.push(await timePromotion(one, turnpike, watch, 'dev'));
    await endPull(gitea, repository, (number) => gitea.close(repository, number));
    known.push(await timePromotion(other, turnpike, watch, 'dev'));
    await endPull(gitea, repository, (number) => gitea.merge(repository, number));
    moved.push(await timePromotion(other, turnpike, watch, 'staging'));
  }
  return [
    ...figures('repository that is known', known, true),
    ...figures('the same, base branch moved', moved, false),
    ...figures('repository seen for the first time', first, false),
  ];
}

async function endPull(
  gitea: Gitea,
  repository: string,
  end: (number: number) => Promise<void>,
): Promise<void> {
  const [pull] = await gitea.pulls(repository, 'open');
  if (!pull) throw new Error(`there is no open pull request in ${repository}`);
  await end(pull.number);
}

/** Ten files, those of the applications marked. */
function filesOf(apps: readonly Scenario[]): Record<string, string> {
  const marked = apps.flatMap((app) =>
    app.environments.map((name) => [`${app.name}/${name}/app.yaml`, app.manifest(name, '1.0.0')]),
  );
  const others = Array.from({ length: 10 - marked.length }, (_, i) => [
    `other/file-${i}.yaml`,
    `number: ${i}\n`,
  ]);
  return Object.fromEntries([...marked, ...others]);
}

export async function timePromotion(
  app: Scenario,
  turnpike: Turnpike,
  watch: Stopwatch,
  from: string,
): Promise<Times> {
  await Bun.sleep(REST_MS);
  await app.deploy(from, VERSION);
  watch.take();
  const started = performance.now();
  const answer = await app.notify(turnpike.hook, from, VERSION, { prefer: 'wait=25' });
  const whole = performance.now() - started;
  if (answer.status !== 201) throw new Error(`no pull request was opened: ${await answer.text()}`);
  const { waited, asked, answered } = watch.take();
  return { whole, opened: answered - started, waited, asked };
}

/** The time from the event to the pull request, without the forge's own. */
export function ownTime({ opened, waited }: Times): number {
  return opened - waited;
}

function figures(what: string, times: readonly Times[], isGoal: boolean): Figure[] {
  const own = times.map(ownTime);
  const goal = isGoal ? { goal: `at most ${GOAL_MS} ms`, met: median(own) <= GOAL_MS } : {};
  const forge = median(times.map(({ waited }) => waited));
  const recorded = median(times.map(({ whole, opened }) => whole - opened));
  const asked = median(times.map((time) => time.asked));
  return [
    { name: `${what}: our own time, median`, value: median(own), unit: 'ms', ...goal },
    { name: `${what}: our own time, p90`, value: percentile(own, 0.9), unit: 'ms' },
    { name: `${what}: the forge's answers to questions in that`, value: asked, unit: 'ms' },
    { name: `${what}: the forge's answers, median`, value: forge, unit: 'ms' },
    { name: `${what}: recorded after it, median`, value: recorded, unit: 'ms' },
  ];
}
