import { setTimeout as sleep } from 'node:timers/promises';
import { EVENT_ENVIRONMENT, EVENT_VERSION } from '../../src/api/group.ts';
import type { Lab } from '../lab/lab.ts';
import { type App, ENVIRONMENTS, type EnvironmentName } from './fleet.ts';

interface KubeEvent {
  readonly metadata: {
    readonly uid: string;
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly involvedObject: { readonly name: string };
}

/** Each event of the reason Promote once, in the order of the API server, past its restarts. */
export function watchPromoteEvents(
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
