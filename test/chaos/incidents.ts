import { setTimeout as sleep } from 'node:timers/promises';
import type { DriveOptions } from './drive-options.ts';
import type { App } from './fleet.ts';
import { readPull, titlesOf } from './repositories.ts';
import type { Incident, Round } from './round.ts';
import { settle } from './settle.ts';

/** One application with an incident, and the version that it is about. */
export interface Scene extends DriveOptions {
  readonly app: App;
  /** The round's number. */
  readonly number: number;
  /** Called when the round is known, before anything is released. */
  readonly begin: (round: Round) => void;
}

/** A check when the round is over; returns a sentence where something is not right. */
export type Afterwards = () => Promise<string | undefined>;

/** Plays the incident, but does not wait until the round is over. */
type Play = (scene: Scene) => Promise<Afterwards | undefined>;

/** Rolls dev back before the version has come any further, where only events report on the targets. */
const rollbackByEvents: Play = async (scene) => {
  const { app, number, flux, random, scale, ledger } = scene;
  const before = flux.running(app, 'dev');
  const version = `1.${number}.0`;
  const keeps = keptBehindDev(scene);
  scene.begin({ version: before, reviews: {}, others: 'leave', incident: 'rollback by events', keeps });
  await flux.deploy(app, 'dev', version);
  await untilOpen(scene, version);
  await sleep(random.below(scale.patienceMs / 2));
  await flux.deploy(app, 'dev', before);
  ledger.forbid({ app, environment: 'staging', version, merged: 'ever' });
  return async () => {
    ledger.forbid({ app, environment: 'staging', version, since: new Date() });
    return undefined;
  };
};

/** A person says no to a version; a newer one comes, and dev goes back to the one that was rejected. */
const backToRejected: Play = async (scene) => {
  const { app, number, flux, random, scale, ledger } = scene;
  const version = `1.${number}.0`;
  const newer = `1.${number}.1`;
  const round: Round = {
    version,
    reviews: { staging: 'close' },
    others: 'leave',
    incident: 'back to a rejected one',
    keeps: keptBehindDev(scene),
  };
  scene.begin(round);
  await flux.deploy(app, 'dev', version);
  const { problem } = await settle(app, round, { ...scene, healSeconds: scale.healSeconds });
  if (problem !== undefined) return async () => problem;
  ledger.forbid({ app, environment: 'staging', version, merged: 'ever', since: new Date() });
  await flux.deploy(app, 'dev', newer);
  await untilOpen(scene, newer);
  await sleep(random.below(scale.patienceMs / 2));
  await flux.deploy(app, 'dev', version);
  ledger.forbid({ app, environment: 'staging', version: newer, merged: 'ever' });
  return async () => {
    ledger.forbid({ app, environment: 'staging', version: newer, since: new Date() });
    return undefined;
  };
};

/** One of dev's two targets runs something newer for a while. */
const canary: Play = async (scene) => {
  const { app, number, flux, random, scale, ledger } = scene;
  const version = `1.${number}.0`;
  const intruder = `1.${number}.1`;
  const stay = () => sleep(200 + random.below(scale.patienceMs));
  for (const environment of ['staging', 'prod'] as const) {
    ledger.forbid({ app, environment, version: intruder, merged: 'ever', since: new Date() });
  }
  scene.begin({ version, reviews: {}, others: 'leave', reviewAfterMs: scale.patienceMs, incident: 'canary' });
  await flux.deployCanary(app, intruder);
  await stay();
  await flux.deployCanary(app, flux.running(app, 'dev'));
  await flux.deploy(app, 'dev', version);
  const watched = await untilOpen(scene, version);
  await flux.deployCanary(app, intruder);
  await stay();
  await flux.deployCanary(app, version);
  return keptItsPlace(scene, { watched, version });
};

/** The event of an upgrade comes before its tests fail; an earlier version is on its way meanwhile. */
const testsFail: Play = async (scene) => {
  const { app, number, flux, random, scale, ledger } = scene;
  const version = `1.${number}.0`;
  const intruder = `1.${number}.1`;
  for (const environment of ['staging', 'prod'] as const) {
    ledger.forbid({ app, environment, version: intruder, merged: 'ever', since: new Date() });
  }
  const reviewAfterMs = scale.patienceMs;
  scene.begin({ version, reviews: {}, others: 'leave', reviewAfterMs, incident: 'tests fail' });
  await flux.deploy(app, 'dev', version);
  const watched = await untilOpen(scene, version);
  await flux.failTests(app, intruder, () => sleep(random.below(scale.patienceMs / 2)));
  return keptItsPlace(scene, { watched, version });
};

const PLAYS: Readonly<Record<Incident, Play>> = {
  'rollback by events': rollbackByEvents,
  'back to a rejected one': backToRejected,
  canary,
  'tests fail': testsFail,
};

export function play(incident: Incident, scene: Scene): Promise<Afterwards | undefined> {
  return PLAYS[incident](scene);
}

/** The versions that go on to run behind dev. */
function keptBehindDev({ app, flux }: Scene): NonNullable<Round['keeps']> {
  return { staging: flux.running(app, 'staging'), prod: flux.running(app, 'prod') };
}

export interface Watched {
  readonly repository: string;
  readonly number: number;
}

/** Mostly something happens when the pull request into staging is open; sometimes before. */
export async function untilOpen(scene: Pick<Scene, 'app' | 'people' | 'random' | 'scale'>, version: string) {
  const { app, people, random, scale } = scene;
  if (random.chance(0.3)) return undefined;
  const deadline = performance.now() + scale.patienceMs * 4;
  while (performance.now() < deadline) {
    const open = people.openPull(app, 'staging', version);
    if (open) return open;
    await sleep(50);
  }
  return undefined;
}

/** The pull request that was open before brought what it was opened for, and was at no time about anything else. */
function keptItsPlace(
  { lab, app }: Scene,
  { watched, version }: { watched?: Watched | undefined; version: string },
) {
  if (!watched) return undefined;
  return async () => {
    const { repository, number } = watched;
    const titles = await titlesOf(lab, repository, number);
    const others = titles.filter((title) => !title.endsWith(` to ${version}`));
    const { merged_at } = await readPull(lab, repository, number);
    const name = `${app.name}: pull request ${number} of ${repository}`;
    if (others.length > 0) return `${name} was about something else: ${others.join(', ')}`;
    return merged_at === null ? `${name} was closed, and ${version} came by another one` : undefined;
  };
}
