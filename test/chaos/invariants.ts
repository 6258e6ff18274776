import { setTimeout as sleep } from 'node:timers/promises';
import type { PipelineStatus } from '../../src/api/pipeline.ts';
import { type Outcome, type Round, stopsBefore, unsettled } from './drive.ts';
import type { Stage } from './family.ts';
import { type App, ENVIRONMENTS, pipelinesPath } from './fleet.ts';
import { persistently } from './flux.ts';
import type { World } from './world.ts';

/** Titles of pull requests that stand there more than once, be they open or closed. */
export async function doubledPullRequests({ lab }: World, apps: readonly App[]): Promise<string[]> {
  const repositories = new Set(apps.flatMap(({ repository }) => repository || []));
  const found: string[] = [];
  for (const repository of repositories) {
    const seen = new Map<string, number>();
    for (let page = 1; ; page += 1) {
      const path = `/repos/${lab.gitea.user}/${repository}/pulls?state=all&limit=50&page=${page}`;
      const pulls = (await lab.gitea.api('GET', path)) as { title: string; number: number }[];
      for (const { title, number } of pulls) {
        const other = seen.get(title);
        if (other !== undefined) found.push(`${repository} #${other} and #${number}: ${title}`);
        seen.set(title, number);
      }
      if (pulls.length === 0) break;
    }
  }
  return found;
}

export interface UnfinishedOptions {
  readonly stage: Stage;
  readonly outcome: Outcome;
  readonly seconds: number;
}

/** What is not as it should be when everything has had its time; empty: all is. */
export async function unfinished({ stage, outcome, seconds }: UnfinishedOptions): Promise<string[]> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const found = await look(stage);
    if (found.length === 0 || performance.now() > deadline) return found;
    // What is lost already is not to be waited for.
    if (outcome.lost.length > 0 && performance.now() > deadline - (seconds - 15) * 1000) return found;
    await sleep(200);
  }
}

async function look({ world, apps, rounds, flux }: Stage): Promise<string[]> {
  const path = pipelinesPath(apps[0]?.namespace ?? '');
  const answer = await persistently(() => world.lab.request('GET', path));
  const { items } = (await answer.json()) as {
    items: { metadata: { name: string }; status?: PipelineStatus }[];
  };
  return apps.flatMap((app) => {
    const round = rounds.get(app.name);
    const status = items.find(({ metadata }) => metadata.name === app.name)?.status;
    if (!round) return [];
    const people = { status: () => status ?? {} };
    return unsettled(app, round, { flux, people }) ?? wrongRecord(app, round, status) ?? [];
  });
}

/** The Pipeline must say of each environment what is true, and that the promotion is over. */
function wrongRecord(app: App, round: Round, status: PipelineStatus | undefined): string | undefined {
  const stop = stopsBefore(app, round);
  for (const environment of ENVIRONMENTS) {
    if (environment === stop) return undefined;
    const state = status?.environments?.[environment];
    const [target] = state?.targets ?? [];
    const says = `${app.name}: the status of ${environment}, where ${round.version} runs, says`;
    if (target?.revision !== round.version || !target.ready) return `${says} ${JSON.stringify(target)}`;
    if (environment === 'dev') continue;
    const { revision, phase } = state?.promotion ?? {};
    const right = phase === 'Succeeded' || (phase === 'Rejected' && round.reviews[environment] === 'reopen');
    if (revision !== round.version || !right) return `${says} ${JSON.stringify(state?.promotion)}`;
  }
  return undefined;
}
