import { setTimeout as sleep } from 'node:timers/promises';
import type { PipelineStatus } from '../../src/api/pipeline.ts';
import type { Lab } from '../lab/lab.ts';
import { type App, ENVIRONMENTS, type EnvironmentName } from './fleet.ts';
import type { Flux } from './flux.ts';
import type { People } from './people.ts';
import { openPulls } from './repositories.ts';
import { type Round, stopsBefore } from './round.ts';

/** The end of a round. */

export interface SettleOptions {
  readonly lab: Lab;
  readonly flux: Pick<Flux, 'running'>;
  readonly people: Pick<People, 'status' | 'refusal'>;
  readonly healSeconds: number;
  /** True while faults are injected. */
  readonly goOn: () => boolean;
  /** The problem that each application's round waits for, and since when. */
  readonly waits: Map<string, Wait>;
}

export interface Wait {
  readonly since: number;
  readonly problem: string;
}

/** A round that takes this many times the time to heal is lost in any case. */
const PATIENT_TIMES = 5;

/** A round is not lost while faults are injected; it is when it does not heal after them, or takes for ever. */
export async function settle(app: App, round: Round, options: SettleOptions) {
  const patience = options.healSeconds * 1000;
  const since = performance.now();
  const latest = since + PATIENT_TIMES * patience;
  let deadline = performance.now() + patience;
  let last = '';
  for (;;) {
    const problem = unsettled(app, round, options) ?? (await leftOpen(app, options));
    if (options.goOn()) deadline = Math.min(performance.now() + patience, latest);
    options.waits.delete(app.name);
    if (problem === undefined || performance.now() > deadline) return { problem, last };
    last = problem;
    options.waits.set(app.name, { since, problem });
    await sleep(25);
  }
}

const LOOK_EVERY_MS = 300;

/** Every pull request must be closed or merged at the end of a round, in both repositories. */
async function leftOpen(app: App, { lab, people }: SettleOptions): Promise<string | undefined> {
  if (app.strategy === 'notification') return undefined;
  const open = await openPulls(lab, app).catch((error) => [String(error)]);
  if (open.length === 0) return undefined;
  await sleep(LOOK_EVERY_MS);
  const { environments = {}, abandoned } = people.status(app);
  const promotions = Object.entries(environments).map(([name, { promotion }]) => ({ [name]: promotion }));
  const said = JSON.stringify({ promotions, abandoned });
  return `${app.name}: is open and should not be: ${open.join('; ')}: ${said}`;
}

type View = Pick<SettleOptions, 'flux' | 'people'>;

/** The fault at the end of a round; undefined: none. */
export function unsettled(app: App, round: Round, view: View): string | undefined {
  const stop = stopsBefore(app, round);
  for (const environment of ENVIRONMENTS) {
    if (environment === stop) return unrejected(app, round, { ...view, environment });
    const problem = notThere(app, round, { ...view, environment });
    if (problem !== undefined) return problem;
  }
  return undefined;
}

type Place = View & { readonly environment: EnvironmentName };

function unrejected(app: App, round: Round, place: Place): string | undefined {
  const promotion = promotionOf(app, place);
  const isRejected = promotion?.revision === round.version && promotion.phase === 'Rejected';
  if (isRejected) return undefined;
  return `${app.name}: ${round.version} is not rejected in ${place.environment}: ${seen(app, place)}`;
}

function notThere(app: App, round: Round, place: Place): string | undefined {
  const { environment, flux } = place;
  const kept = environment === 'dev' ? undefined : round.keeps?.[environment];
  const wanted = kept ?? round.version;
  const runs = flux.running(app, environment);
  if (runs !== wanted) {
    return `${app.name}: ${environment} runs ${runs} and should run ${wanted}: ${seen(app, place)}`;
  }
  if (environment === 'dev' && !isRecorded(app, wanted, place)) {
    return `${app.name}: dev runs ${wanted} and the status does not say so: ${JSON.stringify(place.people.status(app))}`;
  }
  const promotion = kept === undefined ? undefined : promotionOf(app, place);
  if (!promotion || OVER.includes(promotion.phase)) return undefined;
  return `${app.name}: nothing should be on its way into ${environment}: ${seen(app, place)}`;
}

const OVER = ['Succeeded', 'Rejected', 'Superseded'];

function isRecorded(app: App, version: string, { environment, people }: Place): boolean {
  const { targets = [] } = environmentOf(people.status(app), environment) ?? {};
  return targets.length > 0 && targets.every(({ ready, revision }) => ready && revision === version);
}

function promotionOf(app: App, { environment, people }: Place) {
  return environmentOf(people.status(app), environment)?.promotion;
}

function environmentOf(status: PipelineStatus, environment: EnvironmentName) {
  return status.environments?.[environment];
}

function seen(app: App, place: Place): string {
  return [JSON.stringify(promotionOf(app, place)), place.people.refusal(app)].filter(Boolean).join(' ');
}
