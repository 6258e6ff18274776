import { setTimeout as sleep } from 'node:timers/promises';
import { setRelease } from '../lab/helm.ts';
import type { Lab } from '../lab/lab.ts';
import type { Courier } from './courier.ts';
import { type App, ENVIRONMENTS, type EnvironmentName, FIRST_VERSION, targetNamespaces } from './fleet.ts';
import { persistently } from './persistently.ts';
import { watchPromoteEvents } from './promote-events.ts';
import { rollbackSaid, setTested, testFailureSaid, upgradeSaid } from './releases.ts';

/** Flux's part: it brings versions into environments, and sends its events about it. */
export interface Flux {
  /** Brings a version into an environment: a person's part in dev, and Flux's in all others. */
  deploy(app: App, environment: EnvironmentName, version: string): Promise<void>;
  /** Brings a version to the last target of dev alone. */
  deployCanary(app: App, version: string): Promise<void>;
  /** Upgrades dev to a version whose tests fail after the event of the upgrade, and to what ran before. */
  failTests(app: App, version: string, pause: () => Promise<void>): Promise<void>;
  running(app: App, environment: EnvironmentName): string;
  /** The number of versions that were brought into environments behind the first one; all, or by one strategy. */
  promotions(strategy?: App['strategy']): number;
  /** Promotions that should not have been requested, a sentence each. */
  wrongs(): readonly string[];
  /** Events of the reason Promote that say the same as another one. */
  doubled(): readonly string[];
  stop(): Promise<void>;
}

export interface FluxOptions {
  readonly lab: Lab;
  readonly apps: readonly App[];
  readonly courier: Courier;
}

/** Events repeat the running version at this interval where no object can be read. */
const INTERVAL_MS = 4000;

export async function startFlux({ lab, apps, courier }: FluxOptions): Promise<Flux> {
  const ended = new AbortController();
  const record = createRecord();
  const { running } = record;
  const releasesOf = (app: App, environment: EnvironmentName) =>
    targetNamespaces(app, environment).map((namespace) => ({ namespace, name: app.name }));

  async function release(app: App, environment: EnvironmentName, version: string): Promise<void> {
    for (const name of releasesOf(app, environment)) {
      if (app.shape !== 'events') await persistently(() => setRelease(lab, name, { version }));
      courier.deliver({ app, environment, ...upgradeSaid(name, version) });
    }
  }

  async function deploy(app: App, environment: EnvironmentName, version: string): Promise<void> {
    if (record.deployed(app, environment, version)) await release(app, environment, version);
  }

  async function deployCanary(app: App, version: string): Promise<void> {
    const name = releasesOf(app, 'dev').at(-1);
    if (!name) return;
    await persistently(() => setRelease(lab, name, { version }));
    courier.deliver({ app, environment: 'dev', ...upgradeSaid(name, version) });
  }

  async function failTests(app: App, version: string, pause: () => Promise<void>): Promise<void> {
    const names = releasesOf(app, 'dev');
    const before = running(app, 'dev');
    const about = { app, environment: 'dev' } as const;
    const show = async (runs: string, status: 'Unknown' | 'False', reason: TestReason) => {
      const tested = { version: runs, attempted: version, status, reason };
      for (const name of names) await persistently(() => setTested(lab, name, tested));
    };
    for (const name of names) courier.deliver({ ...about, ...upgradeSaid(name, version) });
    await show(version, 'Unknown', 'AwaitingTests');
    await pause();
    await show(version, 'False', 'TestFailed');
    for (const name of names) courier.deliver({ ...about, ...testFailureSaid(name, version) });
    await pause();
    await show(before, 'False', 'RollbackSucceeded');
    for (const name of names) courier.deliver({ ...about, ...rollbackSaid(name, before) });
    await pause();
    await release(app, 'dev', before);
  }

  async function repeat(): Promise<void> {
    while (!ended.signal.aborted) {
      await sleep(INTERVAL_MS, undefined, { signal: ended.signal }).catch(() => undefined);
      if (ended.signal.aborted) return;
      for (const app of apps.filter(({ shape }) => shape === 'events')) {
        for (const environment of ENVIRONMENTS) await release(app, environment, running(app, environment));
      }
    }
  }

  const watch = watchPromoteEvents(lab, apps, ended.signal, (app, environment, version) => {
    deploy(app, environment, version).catch((error) => record.wrongs.push(String(error)));
  });
  for (const app of apps) {
    for (const environment of ENVIRONMENTS) {
      record.begin(app, environment);
      for (const name of app.shape === 'events' ? [] : releasesOf(app, environment)) {
        await setRelease(lab, name, { version: FIRST_VERSION, number: 1 });
      }
    }
  }
  const repeating = repeat();
  return {
    deploy,
    deployCanary,
    failTests,
    running,
    promotions: record.promotions,
    wrongs: () => record.wrongs,
    doubled: watch.doubled,
    async stop() {
      ended.abort();
      await Promise.all([watch.ended, repeating]);
    },
  };
}

type TestReason = Parameters<typeof setTested>[2]['reason'];

/** Records the versions that ran in each place, in their order. */
function createRecord() {
  const ran = new Map<string, string[]>();
  const wrongs: string[] = [];
  const promotions = { 'pull-request': 0, notification: 0 };
  const place = (app: App, environment: string) => `${app.name} ${environment}`;
  const history = (app: App, environment: string) => ran.get(place(app, environment)) ?? [];

  /** A version for an environment must have run in the one before, and be newer than the one that runs. */
  function countOutcome(app: App, environment: EnvironmentName, version: string): void {
    const before = ENVIRONMENTS[ENVIRONMENTS.indexOf(environment) - 1];
    if (before === undefined) return;
    promotions[app.strategy] += 1;
    const runs = history(app, environment).at(-1) ?? '';
    if (!history(app, before).includes(version)) {
      wrongs.push(`${app.name}: ${version} was promoted to ${environment} and never ran in ${before}`);
    }
    if (Bun.semver.order(version, runs) < 0) {
      wrongs.push(`${app.name}: ${version} was promoted to ${environment}, which runs ${runs}`);
    }
  }

  return {
    wrongs,
    running: (app: App, environment: EnvironmentName) => history(app, environment).at(-1) ?? '',
    promotions: (strategy?: App['strategy']) =>
      strategy ? promotions[strategy] : promotions['pull-request'] + promotions.notification,
    begin: (app: App, environment: EnvironmentName) => ran.set(place(app, environment), [FIRST_VERSION]),
    /** False when it runs there already. */
    deployed(app: App, environment: EnvironmentName, version: string): boolean {
      const runs = history(app, environment);
      if (runs.at(-1) === version) return false;
      countOutcome(app, environment, version);
      ran.set(place(app, environment), [...runs, version]);
      return true;
    },
  };
}
