import { createHash } from 'node:crypto';
import type { Pass } from '../api/checkpoint.ts';
import { errorMessage, TurnpikeError } from '../api/errors.ts';
import { API_VERSION, EVENT_ENVIRONMENT, EVENT_VERSION, FIELD_MANAGER, GROUP, KIND } from '../api/group.ts';
import { pipelineKey } from '../api/pipeline.ts';
import type { ObjectReference } from '../api/reference.ts';
import type { PromotionRequest, PromotionResult } from './strategy.ts';

/** The Kubernetes Event on the Pipeline. */
export interface PromoteEvent {
  /** Of the Event: the same for the same pipeline, environment and revision. */
  readonly name: string;
  readonly regarding: ObjectReference;
  readonly type: 'Normal';
  readonly reason: 'Promote';
  readonly message: string;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface NotificationPromoter {
  /** @throws TurnpikeError NotificationFailed, and what `emit` throws: nothing is sent and forgotten */
  promote(request: PromotionRequest, signal?: AbortSignal): Promise<PromotionResult>;
}

export interface NotificationDeps {
  /** Writes the event to Kubernetes; one of this name that is there already is no error. */
  readonly emit: (event: PromoteEvent) => Promise<unknown>;
  /** `--events-addr`: `http://host`, `http://host/path` or `host:port`; the operator's own. */
  readonly eventsAddress?: string;
  readonly fetch: (url: string, init: BunFetchRequestInit) => Promise<Response>;
  readonly now: () => Date;
  /** Name of this process, such as its Pod's. */
  readonly instance: string;
  readonly pass?: Pass;
}

/** notification-controller answers after it has listed all Alerts; it gives itself 15 s. */
const TIMEOUT_MS = 20_000;
const MAX_WORDS = 300;

/** The strategy `notification`: an event that Flux's Alerts pass on to whatever does the promotion. */
export function createNotificationPromoter(deps: NotificationDeps): NotificationPromoter {
  const url = deps.eventsAddress ? eventsUrl(deps.eventsAddress) : undefined;
  return {
    async promote(request, signal) {
      await request.recorded;
      const event = promoteEvent(request);
      const key = pipelineKey(request.pipeline.namespace, request.pipeline.name);
      await deps.pass?.('before-event', key);
      await deps.emit(event);
      await deps.pass?.('after-event', key);
      if (url !== undefined) await post(url, fluxEvent(event, request, deps), deps, signal);
      return { kind: 'notified' };
    },
  };
}

function promoteEvent(request: PromotionRequest): PromoteEvent {
  const { pipeline, environment, revision } = request;
  const hash = sha256(JSON.stringify([pipeline.uid, environment, revision])).slice(0, 16);
  return {
    name: `${pipeline.name.slice(0, 200).replace(/[-.]+$/, '')}.promote.${hash}`,
    regarding: {
      apiVersion: API_VERSION,
      kind: KIND,
      namespace: pipeline.namespace,
      name: pipeline.name,
      uid: pipeline.uid,
    },
    type: 'Normal',
    reason: 'Promote',
    message: `Promote pipeline ${pipeline.namespace}/${pipeline.name} to ${environment} with version ${revision}`,
    annotations: { [EVENT_ENVIRONMENT]: environment, [EVENT_VERSION]: revision },
  };
}

/**
 * The event of `event.toolkit.fluxcd.io/v1beta1`. notification-controller drops repeats of an object's message
 * for 5 minutes unless their token differs; it takes the token out before it passes the event on. A revision
 * that is deployed anew is thus a new event, a retry is not.
 */
function fluxEvent(event: PromoteEvent, request: PromotionRequest, deps: NotificationDeps): object {
  const { pipeline, environment, revision, source } = request;
  const token = sha256(JSON.stringify([pipeline.uid, environment, revision, source.deployedAt ?? '']));
  return {
    involvedObject: event.regarding,
    severity: 'info',
    timestamp: `${deps.now().toISOString().slice(0, 19)}Z`,
    message: event.message,
    reason: event.reason,
    metadata: { ...event.annotations, [`${GROUP}/token`]: token },
    reportingController: FIELD_MANAGER,
    reportingInstance: deps.instance,
  };
}

async function post(url: string, event: object, deps: NotificationDeps, signal?: AbortSignal): Promise<void> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  let words: string;
  try {
    response = await deps.fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'gotk-component': FIELD_MANAGER },
      body: JSON.stringify(event),
      redirect: 'manual',
      // The operator's own address, mostly in the cluster: the environment's proxies are not for it.
      proxy: false,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    words = await firstWords(response);
  } catch (error) {
    signal?.throwIfAborted();
    throw failed(`could not be reached: ${errorMessage(error)}`, url, error);
  }
  // 429: the same event came within the last 5 minutes and was passed on then.
  if (response.ok || response.status === 429) return;
  throw failed(`answered ${response.status}${words && ` (${words})`}`, url);
}

/** The beginning of the answer on one line; a server that talks on is cut off. */
async function firstWords(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_WORDS) break;
  }
  return text
    .slice(0, MAX_WORDS)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .toWellFormed();
}

function failed(what: string, url: string, cause?: unknown): TurnpikeError {
  const { host } = new URL(url);
  const sentence = `The event could not be handed to ${host} of --events-addr: it ${what}. It is tried again; look whether Flux's notification-controller runs there.`;
  return new TurnpikeError('NotificationFailed', sentence, { retry: 'backoff', cause });
}

/**
 * Where events go: `--events-addr` with a scheme and a path.
 *
 * @throws TurnpikeError ConfigInvalid
 */
export function eventsUrl(address: string): string {
  const url = URL.parse(address.includes('://') ? address : `http://${address}`);
  if (url && /^https?:$/.test(url.protocol) && !/\s/.test(address)) return url.href;
  const sentence = `--events-addr is no address: write it as http://HOST or HOST:PORT.`;
  throw new TurnpikeError('ConfigInvalid', sentence, { retry: 'never' });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
