import * as v from 'valibot';
import type { Backoff } from '../../async/index.ts';
import { parseFirst } from '../../first-fault.ts';
import type { Logger } from '../../logger.ts';
import type { KubeClient } from '../client/transport.ts';
import { createObjectCache, type KubeObject } from '../informer/cache.ts';
import { createReflector } from '../informer/reflector.ts';
import { resourcePath } from '../path.ts';
import { WEBHOOK_CONFIGURATIONS } from './webhook-configuration.ts';

export interface WebhookConfigurationWatch {
  readonly name: string;
  readonly onChange: () => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Backoff that logs a line a minute, not six, where the right to watch was taken away. */
const BACKOFF: Backoff = { initialMs: 800, maxMs: 60_000 };

const Watched = v.object({ metadata: v.object({ name: v.string(), resourceVersion: v.string() }) });

/**
 * Tells of each change of one configuration, until the signal fires. RBAC lets an account that may list and watch
 * this name alone do so with this field selector.
 */
export async function watchWebhookConfiguration(
  client: KubeClient,
  { name, onChange, signal, ...options }: WebhookConfigurationWatch,
): Promise<void> {
  const log = options.log.child({ webhookConfiguration: name });
  const cache = createObjectCache<KubeObject>(log);
  cache.subscribe(onChange);
  await createReflector(client, {
    path: resourcePath(WEBHOOK_CONFIGURATIONS),
    fieldSelector: `metadata.name=${name}`,
    parse: (raw) => parseFirst(Watched, raw),
    cache,
    log,
    signal,
    timings: { backoff: BACKOFF },
  }).run();
}
