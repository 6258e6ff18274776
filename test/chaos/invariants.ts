import { setTimeout as sleep } from 'node:timers/promises';
import type { EnvironmentStatus, PipelineStatus } from '../../src/api/pipeline.ts';
import type { Lab } from '../lab/lab.ts';
import type { Outcome } from './drive-options.ts';
import type { Stage } from './family.ts';
import { type App, ENVIRONMENTS, pipelinesPath } from './fleet.ts';
import { persistently } from './persistently.ts';
import { type Round, stopsBefore } from './round.ts';
import { unsettled } from './settle.ts';

export interface UnfinishedOptions {
  readonly stage: Stage;
  readonly outcome: Outcome;
  readonly seconds: number;
}

/** The faults when everything has had its time; empty: none. */
export async function unfinished({ stage, outcome, seconds }: UnfinishedOptions): Promise<string[]> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const found = await look(stage);
    if (found.length === 0 || performance.now() > deadline) return found;
    // A round that is lost already is not waited for.
    if (outcome.lost.length > 0 && performance.now() > deadline - (seconds - 15) * 1000) return found;
    await sleep(200);
  }
}

async function look({ world, apps, rounds, flux }: Stage): Promise<string[]> {
  const statuses = await readStatuses(world.lab, apps);
  return apps.flatMap((app) => {
    const round = rounds.get(app.name);
    const status = statuses.get(app.name);
    if (!round) return [];
    const people = { status: () => status ?? {}, refusal: () => undefined };
    return unsettled(app, round, { flux, people }) ?? wrongRecord(app, round, status) ?? [];
  });
}

async function readStatuses(lab: Lab, apps: readonly App[]) {
  const path = pipelinesPath(apps[0]?.namespace ?? '');
  const answer = await persistently(() => lab.request('GET', path));
  const { items } = (await answer.json()) as {
    items: { metadata: { name: string }; status?: PipelineStatus }[];
  };
  return new Map(items.map(({ metadata, status }) => [metadata.name, status]));
}

/** The Pipeline must report the truth of each environment, and that the promotion is over. */
function wrongRecord(app: App, round: Round, status: PipelineStatus | undefined): string | undefined {
  const stop = stopsBefore(app, round);
  for (const environment of ENVIRONMENTS) {
    if (environment === stop) return undefined;
    const state = status?.environments?.[environment] ?? {};
    const kept = environment === 'dev' ? undefined : round.keeps?.[environment];
    const version = kept ?? round.version;
    const isPromoted = environment !== 'dev' && kept === undefined;
    const wrong = wrongTargets(state, version) ?? (isPromoted && wrongPromotion(state, version));
    if (wrong) return `${app.name}: the status of ${environment}, where ${version} runs, says ${wrong}`;
  }
  return undefined;
}

function wrongTargets({ targets = [] }: EnvironmentStatus, version: string): string | undefined {
  const isThere = targets.length > 0 && targets.every(({ revision, ready }) => ready && revision === version);
  return isThere ? undefined : JSON.stringify(targets);
}

function wrongPromotion({ promotion }: EnvironmentStatus, version: string) {
  const isOver = promotion?.revision === version && promotion.phase === 'Succeeded';
  return isOver ? undefined : JSON.stringify(promotion);
}
