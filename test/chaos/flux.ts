import { setTimeout as sleep } from 'node:timers/promises';
import { EVENT_ENVIRONMENT, EVENT_VERSION } from '../../src/api/group.ts';
import { setRelease } from '../lab/helm.ts';
import type { Lab } from '../lab/lab.ts';
import type { Courier } from './courier.ts';
import { type App, ENVIRONMENTS, type EnvironmentName, FIRST_VERSION, targetNamespace } from './fleet.ts';

/** Flux's part: it brings versions into environments, and sends its events about it. */
export interface Flux {
  /** Brings a version into an environment: what a person does to dev, and Flux to all others. */
  deploy(app: App, environment: EnvironmentName, version: string): Promise<void>;
  running(app: App, environment: EnvironmentName): string;
  /** How many versions were brought into environments behind the first one; all, or by one strategy. */
  promotions(strategy?: App['strategy']): number;
  /** Promotions that nobody should have asked for, a sentence each. */
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

export async function startFlux({ lab, apps, courier }: FluxOptions): Promise<Flux> {
  const ended = new AbortController();
  const ran = new Map<string, string[]>();
  const wrongs: string[] = [];
  const promotions = { 'pull-request': 0, notification: 0 };
  const place = (app: App, environment: string) => `${app.name} ${environment}`;
  const history = (app: App, environment: string) => ran.get(place(app, environment)) ?? [];

  /** What is brought into an environment must have run in the one before, and be newer than what runs. */
  function judge(app: App, environment: EnvironmentName, version: string): void {
    const before = ENVIRONMENTS[ENVIRONMENTS.indexOf(environment) - 1];
    if (before === undefined) return;
    promotions[app.strategy] += 1;
    const running = history(app, environment).at(-1) ?? '';
    if (!history(app, before).includes(version)) {
      wrongs.push(`${app.name}: ${version} was promoted to ${environment} and never ran in ${before}`);
    }
    if (Bun.semver.order(version, running) < 0) {
      wrongs.push(`${app.name}: ${version} was promoted to ${environment}, which runs ${running}`);
    }
  }

  async function deploy(app: App, environment: EnvironmentName, version: string): Promise<void> {
    const runs = history(app, environment);
    if (runs.at(-1) === version) return;
    judge(app, environment, version);
    ran.set(place(app, environment), [...runs, version]);
    const name = { namespace: targetNamespace(app, environment), name: app.name };
    await persistently(() => setRelease(lab, name, { version }));
    courier.deliver(app, environment, version);
  }

  const watch = watchPromoteEvents(lab, apps, ended.signal, (app, environment, version) => {
    deploy(app, environment, version).catch((error) => wrongs.push(String(error)));
  });
  for (const app of apps) {
    for (const environment of ENVIRONMENTS) {
      ran.set(place(app, environment), [FIRST_VERSION]);
      const name = { namespace: targetNamespace(app, environment), name: app.name };
      await setRelease(lab, name, { version: FIRST_VERSION, number: 1 });
    }
  }
  return {
    deploy,
    running: (app, environment) => history(app, environment).at(-1) ?? '',
    promotions: (strategy) =>
      strategy ? promotions[strategy] : promotions['pull-request'] + promotions.notification,
    wrongs: () => wrongs,
    doubled: watch.doubled,
    async stop() {
      ended.abort();
      await watch.ended;
    },
  };
}

/** Tries until the API server takes it. */
export async function persistently<T>(act: () => Promise<T>): Promise<T> {
  for (let tried = 0; ; tried += 1) {
    try {
      return await act();
    } catch (error) {
      if (tried > 600) throw error;
      await sleep(200);
    }
  }
}

interface KubeEvent {
  readonly metadata: {
    readonly uid: string;
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly involvedObject: { readonly name: string };
}

/** Each event of the reason Promote once, in the order of the API server, past its restarts. */
function watchPromoteEvents(
  lab: Lab,
  apps: readonly App[],
  signal: AbortSignal,
  onPromote: (app: App, environment: EnvironmentName, version: string) => void,
) {
  const path = `/api/v1/namespaces/${apps[0]?.namespace}/events`;
  const selector = 'fieldSelector=reason%3DPromote';
  const seen = new Set<string>();
  const said = new Set<string>();
  const doubled: string[] = [];

  function take({ metadata, involvedObject }: KubeEvent): void {
    if (seen.has(metadata.uid)) return;
    seen.add(metadata.uid);
    const app = apps.find(({ name }) => name === involvedObject.name);
    const environment = ENVIRONMENTS.find((name) => name === metadata.annotations?.[EVENT_ENVIRONMENT]);
    const version = metadata.annotations?.[EVENT_VERSION];
    if (!app || !environment || version === undefined) return;
    const what = `${app.name} ${environment} ${version}`;
    if (said.has(what)) doubled.push(`two events: ${what}`);
    said.add(what);
    onPromote(app, environment, version);
  }

  async function follow(): Promise<void> {
    const listed = await lab.request('GET', `${path}?${selector}`);
    const list = (await listed.json()) as { items: KubeEvent[]; metadata: { resourceVersion: string } };
    const order = ({ metadata }: KubeEvent) => Number(metadata.resourceVersion);
    for (const item of list.items.toSorted((one, other) => order(one) - order(other))) take(item);
    const from = `resourceVersion=${list.metadata.resourceVersion}`;
    const answer = await fetch(`${lab.server}${path}?watch=true&timeoutSeconds=60&${from}&${selector}`, {
      tls: { ca: lab.ca, cert: lab.admin.cert, key: lab.admin.key },
      signal,
    });
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of answer.body ?? []) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const { type, object } = JSON.parse(line) as { type: string; object: KubeEvent };
        if (type === 'ADDED') take(object);
      }
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await follow().catch(() => undefined);
      if (!signal.aborted) await sleep(100);
    }
  }

  return { ended: run(), doubled: () => doubled };
}
