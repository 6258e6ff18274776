import type { Lab } from '../test/lab/lab.ts';
import { createScenario } from '../test/lab/scenario.ts';
import type { Turnpike } from '../test/lab/turnpike.ts';
import type { Stopwatch } from './stopwatch.ts';
import { type Figure, median, percentile } from './table.ts';

/** From the event to the open pull request: all of it, and our own part without the forge's answers. */
export async function benchPromotion(
  lab: Lab,
  turnpike: Turnpike,
  watch: Stopwatch,
  rounds = 15,
): Promise<Figure[]> {
  const whole: number[] = [];
  const own: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const repository = `bench-${round}`;
    const app = await createScenario(lab, `bench-promotion`, {
      url: `${watch.url}/${lab.gitea.user}/${repository}`,
    });
    const files = Object.fromEntries(
      app.environments.map((name) => [`${name}/app.yaml`, app.manifest(name, '1.0.0')]),
    );
    const others = Object.fromEntries(
      Array.from({ length: 7 }, (_, i) => [`other/file-${i}.yaml`, `number: ${i}\n`]),
    );
    await lab.gitea.createRepository(repository, { ...files, ...others });
    await app.deploy('dev', '1.1.0');
    watch.take();
    const started = performance.now();
    const answer = await app.tell(turnpike.hook, 'dev', '1.1.0', { prefer: 'wait=25' });
    const took = performance.now() - started;
    if (answer.status !== 201) throw new Error(`no pull request was opened: ${await answer.text()}`);
    whole.push(took);
    own.push(took - watch.take());
  }
  return [
    {
      name: 'event → pull request, our own time, median',
      value: median(own),
      unit: 'ms',
      goal: 'at most 100 ms',
      met: median(own) <= 100,
    },
    { name: 'our own time, p90', value: percentile(own, 0.9), unit: 'ms' },
    {
      name: 'event → pull request, all of it, median',
      value: median(whole),
      unit: 'ms',
      goal: '(predecessor: 360 ms, its forge answering at once)',
    },
  ];
}
