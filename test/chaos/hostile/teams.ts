import { setTimeout as sleep } from 'node:timers/promises';
import type { PipelineStatus } from '../../../src/api/pipeline.ts';
import type { Lab } from '../../lab/lab.ts';
import { createScenario, type Scenario } from '../../lab/scenario.ts';
import { waitUntil } from '../../lab/wait.ts';
import type { Random } from '../random.ts';
import { between, pause } from './act.ts';

/** The teams that do nothing but promote, and their promotions while others are hostile. */

export interface Team {
  readonly scenario: Scenario;
  /** No object can be read: only events report on the targets. */
  readonly byEvents: boolean;
  /** The number of its latest version. */
  number: number;
}

export interface Promotions {
  /** Seconds from the event to the pull request that the status shows, of each. */
  readonly seconds: number[];
  /** Promotions that did not come to their end, a sentence each. */
  readonly lost: string[];
}

export interface PromoteOptions {
  readonly lab: Lab;
  readonly hook: string;
  readonly random: Random;
  /** Promotions are begun until this signal fires. */
  readonly until: AbortSignal;
  /** The longest from then on for promotions under way. */
  readonly healSeconds: number;
  /** The longest time between two versions of one team. */
  readonly pauseMs: number;
}

const ENVIRONMENTS = ['dev', 'prod'] as const;
const FIRST_VERSION = '1.0.0';
const LOOK_EVERY_MS = 100;
const OVER = ['Merged', 'Succeeded'];

/** Half of them can be read, of half only events come. Each has a namespace and a repository of its own. */
export async function createTeams(lab: Lab, count: number): Promise<Team[]> {
  const teams: Team[] = [];
  for (let index = 0; index < count; index += 1) {
    const byEvents = index % 2 === 1;
    const options = { environments: ENVIRONMENTS, unreadable: byEvents };
    const scenario = await createScenario(lab, `team${index}`, options);
    teams.push({ scenario, byEvents, number: 0 });
  }
  return teams;
}

/** Waits until all statuses are written, and sends events to teams that depend on them. */
export async function settleTeams(
  teams: readonly Team[],
  { lab, hook }: Pick<PromoteOptions, 'lab' | 'hook'>,
) {
  for (const team of teams) {
    await waitUntil(
      `the Pipeline of ${team.scenario.name}`,
      async () => (await statusOf(lab, team)).conditions !== undefined,
    );
    for (const environment of ENVIRONMENTS) await tell(team, { hook, environment, version: FIRST_VERSION });
  }
}

/** One version after the other for each team. */
export async function promoteAll(teams: readonly Team[], options: PromoteOptions): Promise<Promotions> {
  const promotions: Promotions = { seconds: [], lost: [] };
  const { until, random, pauseMs, healSeconds } = options;
  const healed = new AbortController();
  until.addEventListener('abort', () => setTimeout(() => healed.abort(), healSeconds * 1000), { once: true });
  await Promise.all(
    teams.map(async (team) => {
      await pause(random.below(pauseMs / 2), until);
      while (!until.aborted) {
        await promote(team, promotions, { ...options, healed: healed.signal });
        await pause(between(random, pauseMs / 2, pauseMs), until);
      }
    }),
  );
  return promotions;
}

type Round = PromoteOptions & { readonly healed: AbortSignal };

async function promote(team: Team, { seconds, lost }: Promotions, options: Round): Promise<void> {
  const { lab, hook } = options;
  const { scenario } = team;
  team.number += 1;
  const version = `1.${team.number}.0`;
  const started = performance.now();
  const about = `${scenario.name}: ${version}`;
  await bring(team, { hook, environment: 'dev', version });
  const opened = await waitForPhase(team, version, options, ['PullRequestOpen', ...OVER]);
  if (opened.number === undefined) return void lost.push(`${about} got no pull request: ${opened.saw}`);
  seconds.push((performance.now() - started) / 1000);
  await lab.gitea.merge(scenario.repository, opened.number).catch(() => undefined);
  const merged = await waitForPhase(team, version, options, OVER);
  if (merged.number === undefined) return void lost.push(`${about} is not seen as merged: ${merged.saw}`);
  await bring(team, { hook, environment: 'prod', version });
  const ended = await waitForPhase(team, version, options, ['Succeeded']);
  if (ended.number === undefined) lost.push(`${about} is not seen in prod: ${ended.saw}`);
}

interface Brought {
  readonly hook: string;
  readonly environment: 'dev' | 'prod';
  readonly version: string;
}

async function bring(team: Team, brought: Brought): Promise<void> {
  if (!team.byEvents) await team.scenario.deploy(brought.environment, brought.version);
  await tell(team, brought);
}

const TRIES = 5;

/** Sends an event like notification-controller: five times in 15 seconds at most. */
async function tell({ scenario }: Team, { hook, environment, version }: Brought): Promise<void> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const answer = await scenario.notify(hook, environment, version).catch(() => undefined);
    await answer?.arrayBuffer().catch(() => undefined);
    if (answer?.ok) return;
    await sleep(1000 * 2 ** tried * 0.5);
  }
}

/** The number of the pull request once the promotion into prod is in such a phase; else what was seen last. */
async function waitForPhase(team: Team, version: string, { lab, healed }: Round, phases: readonly string[]) {
  let saw = 'nothing';
  while (!healed.aborted) {
    const promotion = await statusOf(lab, team)
      .then(({ environments }) => environments?.prod?.promotion)
      .catch(() => undefined);
    if (promotion) saw = JSON.stringify(promotion);
    const isThere = promotion?.revision === version && phases.includes(promotion.phase);
    if (isThere && promotion.pullRequest) return { number: promotion.pullRequest.number, saw };
    await sleep(LOOK_EVERY_MS);
  }
  return { number: undefined, saw };
}

async function statusOf(lab: Lab, { scenario }: Team): Promise<PipelineStatus> {
  const path = `/apis/pipelines.weave.works/v1alpha1/namespaces/${scenario.name}/pipelines/app`;
  const { status = {} } = (await (await lab.request('GET', path)).json()) as { status?: PipelineStatus };
  return status;
}
