import { isIP } from 'node:net';
import * as v from 'valibot';
import { hasCode, TurnpikeError } from '../../errors.ts';
import { parseFirst } from '../../first-fault.ts';
import { withoutBrackets } from '../../net/index.ts';
import type { KubeClient } from '../client/transport.ts';
import { resourcePath } from '../path.ts';
import type { ServerNames } from './certificate.ts';

/** The ValidatingWebhookConfiguration through which the API server calls us. */
export interface WebhookConfiguration {
  readonly resourceVersion: string;
  /** By what names its webhooks are called. */
  readonly names: ServerNames;
  /** The PEM text that each webhook trusts; empty where none is set. */
  readonly bundles: readonly string[];
}

export interface WebhookConfigurations {
  read(): Promise<WebhookConfiguration>;
  /**
   * Makes all webhooks trust these certificates, provided that nobody has changed the configuration since;
   * whether they do now. Nothing is written when they did already.
   */
  inject(configuration: WebhookConfiguration, bundle: string): Promise<boolean>;
}

export const WEBHOOK_CONFIGURATIONS = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  plural: 'validatingwebhookconfigurations',
} as const;

const Configuration = v.object({
  metadata: v.object({ resourceVersion: v.string() }),
  webhooks: v.nullish(
    v.array(
      v.object({
        clientConfig: v.object({
          url: v.nullish(v.string()),
          service: v.nullish(v.object({ name: v.string(), namespace: v.string() })),
          caBundle: v.nullish(v.string(), ''),
        }),
      }),
    ),
    [],
  ),
});
type ClientConfig = NonNullable<v.InferOutput<typeof Configuration>['webhooks']>[number]['clientConfig'];

export function createWebhookConfigurations(client: KubeClient, name: string): WebhookConfigurations {
  const path = resourcePath({ ...WEBHOOK_CONFIGURATIONS, name });

  async function read(): Promise<WebhookConfiguration> {
    const { metadata, webhooks } = parseFirst(Configuration, await get());
    const configs = (webhooks ?? []).map((webhook) => webhook.clientConfig);
    const names = toServerNames(configs);
    if (names.dns.length + names.ip.length === 0) throw nameless(name);
    return {
      resourceVersion: metadata.resourceVersion,
      names,
      bundles: configs.map((config) => Buffer.from(config.caBundle ?? '', 'base64').toString()),
    };
  }

  async function get(): Promise<unknown> {
    try {
      return await client.request({ method: 'GET', path });
    } catch (error) {
      if (!hasCode(error, 'ApiNotFound')) throw error;
      throw new TurnpikeError(
        'ApiNotFound',
        `ValidatingWebhookConfiguration "${name}" does not exist, so the host name of the admission webhook is not known: install it.`,
        { cause: error },
      );
    }
  }

  async function inject(configuration: WebhookConfiguration, bundle: string): Promise<boolean> {
    const value = Buffer.from(bundle).toString('base64');
    const changes = configuration.bundles.flatMap((known, index) =>
      known === bundle ? [] : [{ op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value }],
    );
    if (changes.length === 0) return true;
    const version = configuration.resourceVersion;
    const unchanged = { op: 'replace', path: '/metadata/resourceVersion', value: version };
    try {
      await client.request({
        method: 'PATCH',
        path,
        contentType: 'application/json-patch+json',
        body: [unchanged, ...changes],
      });
      return true;
    } catch (error) {
      if (hasCode(error, 'ApiConflict')) return false;
      throw error;
    }
  }

  return { read, inject };
}

function nameless(name: string): TurnpikeError {
  return new TurnpikeError(
    'ConfigInvalid',
    `The ValidatingWebhookConfiguration "${name}" names neither a service nor a URL: a certificate for it cannot be made.`,
    { retry: 'backoff' },
  );
}

function toServerNames(configs: readonly ClientConfig[]): ServerNames {
  const hosts = [...new Set(configs.flatMap(hostsOf))];
  return { dns: hosts.filter((host) => !isIP(host)), ip: hosts.filter((host) => isIP(host)) };
}

function hostsOf({ service, url }: ClientConfig): string[] {
  if (service) {
    const host = `${service.name}.${service.namespace}.svc`;
    return [host, `${host}.cluster.local`];
  }
  if (!url || !URL.canParse(url)) return [];
  return [withoutBrackets(new URL(url).hostname)];
}
