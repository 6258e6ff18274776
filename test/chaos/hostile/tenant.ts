import { randomBytes } from 'node:crypto';
import type { PipelineStatus } from '../../../src/api/pipeline.ts';
import { releaseEvent, sendEvent } from '../../lab/helm.ts';
import { type ActContext, between, pause } from './act.ts';

/** A user with a namespace, who writes Pipelines and Secrets there and knows no other keys than their own. */
export interface Tenant {
  readonly namespace: string;
  /** Sends an event with a version of its own for each Pipeline, until the act ends. */
  promote(everyMs: number): Promise<void>;
  /** Puts other values into a Secret, which no admission sees. */
  change(secret: string, values: Readonly<Record<string, string>>): Promise<void>;
  /** Takes the Pipelines away. */
  leave(): Promise<void>;
}

export interface TenantOptions {
  /** The beginning of the namespace's name. */
  readonly label: string;
  readonly pipelines: number;
  /** Repository of the Pipeline with this number; undefined: it promotes by notification. */
  readonly url?: (index: number) => string;
  /** The data of the Secret `forge`. */
  readonly forge?: Readonly<Record<string, string>>;
  /** Targets of each environment; default: one, of our own cluster, where the application is not. */
  readonly targets?: readonly object[];
  /** Further Secrets, by name. */
  readonly secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const PIPELINES = '/apis/pipelines.weave.works/v1alpha1/namespaces';

export async function createTenant(context: ActContext, options: TenantOptions): Promise<Tenant> {
  const { lab, hook, begin, signal, random } = context;
  const namespace = `${options.label}-${randomBytes(3).toString('hex')}`;
  const key = randomBytes(24).toString('hex');
  const names = Array.from({ length: options.pipelines }, (_, index) => `app${index}`);
  const secret = (name: string, stringData: object) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    stringData,
  });
  await lab.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    secret('hook', { 'hmac-key': key }),
    secret('forge', { token: lab.gitea.token, ...options.forge }),
    ...Object.entries(options.secrets ?? {}).map(([name, values]) => secret(name, values)),
  ]);
  await lab.apply(names.map((name, index) => pipeline({ name, namespace }, index, options)));

  async function send(name: string, version: string): Promise<void> {
    const event = releaseEvent({ namespace: `${namespace}-dev`, name }, { version });
    const url = `${hook}/promotion/${namespace}/${name}/dev`;
    const answer = await sendEvent(event, { url, key }).catch(() => undefined);
    await answer?.arrayBuffer().catch(() => undefined);
  }

  return {
    namespace,
    async promote(everyMs) {
      begin();
      for (let number = 1; !signal.aborted; number += 1) {
        await Promise.all(names.map((name) => send(name, `1.${number}.0`)));
        await pause(everyMs + between(random, 0, everyMs), signal);
      }
    },
    async change(name, values) {
      const answer = await lab.request('PUT', `/api/v1/namespaces/${namespace}/secrets/${name}`, {
        ...secret(name, values),
      });
      if (!answer.ok) throw new Error(`The Secret ${name} was refused: ${await answer.text()}`);
    },
    async leave() {
      await lab.request('DELETE', `${PIPELINES}/${namespace}/pipelines`);
    },
  };
}

function pipeline(
  { name, namespace }: { name: string; namespace: string },
  index: number,
  { url, targets }: TenantOptions,
): object {
  const repository = url?.(index);
  const forge = { type: 'gitea', baseBranch: 'main', secretRef: { name: 'forge' } };
  const strategy =
    repository === undefined ? { notification: {} } : { 'pull-request': { ...forge, url: repository } };
  return {
    apiVersion: 'pipelines.weave.works/v1alpha1',
    kind: 'Pipeline',
    metadata: { name, namespace },
    spec: {
      appRef: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name },
      environments: ['dev', 'prod'].map((environment) => ({
        name: environment,
        targets: targets ?? [{ namespace: `${namespace}-${environment}` }],
      })),
      promotion: { strategy: { ...strategy, secretRef: { name: 'hook' } } },
    },
  };
}

/** Counts promotions for acts without a server that could: the statuses show when one was begun. */
export async function countBegun({ lab, reached, signal }: ActContext, namespace: string): Promise<void> {
  const path = `${PIPELINES}/${namespace}/pipelines`;
  while (!signal.aborted) {
    const { items } = (await (await lab.request('GET', path)).json()) as { items: Item[] };
    for (const { status } of items) {
      const phase = status?.environments?.prod?.promotion?.phase ?? 'Pending';
      if (phase !== 'Pending') reached();
    }
    await pause(1000, signal);
  }
}

interface Item {
  readonly status?: PipelineStatus;
}
