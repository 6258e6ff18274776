import { setTimeout as sleep } from 'node:timers/promises';
import type { PipelineStatus } from '../../src/api/pipeline.ts';
import type { Lab } from '../lab/lab.ts';
import { type Outcome, type Round, stopsBefore, unsettled } from './drive.ts';
import type { Stage } from './family.ts';
import { type App, ENVIRONMENTS, fileOf, pipelinesPath } from './fleet.ts';
import { persistently } from './flux.ts';
import type { World } from './world.ts';

interface Pull {
  readonly number: number;
  readonly title: string;
  readonly state: string;
  readonly merged_at: string | null;
  readonly merge_commit_sha: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** Pull requests, open or closed, that bring the same revision into the same environment as another one. */
export async function doubledPullRequests({ lab }: World, apps: readonly App[]): Promise<string[]> {
  const repositories = new Set(apps.flatMap(({ repository }) => repository || []));
  const found: string[] = [];
  for (const repository of repositories) {
    const seen = new Map<string, Pull>();
    for (const pull of await allPulls(lab, repository)) {
      const what = await broughtBy(lab, repository, pull, apps);
      const other = seen.get(what);
      if (other) found.push(`${repository}: ${what} by ${describe(other)} and ${describe(pull)}`);
      seen.set(what, pull);
    }
  }
  return found;
}

async function allPulls(lab: Lab, repository: string): Promise<Pull[]> {
  const pulls: Pull[] = [];
  for (let page = 1; ; page += 1) {
    const path = `/repos/${lab.gitea.user}/${repository}/pulls?state=all&limit=50&page=${page}`;
    const next = (await lab.gitea.api('GET', path)) as Pull[];
    if (next.length === 0) return pulls;
    pulls.push(...next);
  }
}

/** The title, unless it was merged: people may do that while a newer revision is on its way into it. */
async function broughtBy(lab: Lab, repository: string, pull: Pull, apps: readonly App[]): Promise<string> {
  const parts = /^Promote \S+\/(\S+) in (\S+) to (\S+)$/.exec(pull.title);
  const [, name, environment, titled] = parts ?? [];
  const app = apps.find((one) => one.name === name);
  const known = ENVIRONMENTS.find((one) => one === environment);
  if (!app || !known) return pull.title;
  if (pull.merged_at === null || pull.merge_commit_sha === null) return `${name} ${environment} ${titled}`;
  const text = await lab.gitea.file(repository, pull.merge_commit_sha, fileOf(app, known));
  return `${name} ${environment} ${/version: (\S+)/.exec(text ?? '')?.[1]}`;
}

function describe({ number, title, state, created_at, updated_at, merged_at }: Pull): string {
  return `#${number} (${title}, ${state}, created ${created_at}, updated ${updated_at}, merged ${merged_at})`;
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
    const people = { status: () => status ?? {}, refusal: () => undefined };
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
