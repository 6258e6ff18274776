import { EVENT_TOKEN, FIELD_MANAGER } from '../../api/group.ts';
import { untilAborted } from '../../lib/async/index.ts';
import { errorMessage, TurnpikeError } from '../../lib/errors.ts';
import type { ObjectReference } from '../../lib/kube/index.ts';
import { cut, oneLine, wholeSeconds } from '../../lib/text/index.ts';

/** The event that notification-controller takes, of `event.toolkit.fluxcd.io/v1beta1`. */
export interface OutgoingEvent {
  readonly regarding: ObjectReference;
  readonly severity: 'info' | 'error';
  readonly reason: string;
  readonly message: string;
  /** Keys without the prefix of the object's group are dropped. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Repeats of an object's message are dropped for 5 minutes unless their token differs. */
  readonly token: string;
  readonly at: Date;
}

export interface FluxEvents {
  /** @throws TurnpikeError NotificationFailed: nothing is sent and forgotten */
  post(event: OutgoingEvent, signal?: AbortSignal): Promise<void>;
}

export interface FluxEventsDeps {
  /** `--events-addr`: `http://host`, `http://host/path` or `host:port`; the operator's own. */
  readonly address: string;
  readonly fetch: (url: string, init: BunFetchRequestInit) => Promise<Response>;
  /** Name of this process, such as its Pod's. */
  readonly instance: string;
}

/** notification-controller answers after it has listed all Alerts; it gives itself 15 s. */
const TIMEOUT_MS = 20_000;
const MAX_WORDS = 300;

/** Hands events to Flux's notification-controller. Undefined: no address is set. */
export function createFluxEvents(deps: FluxEventsDeps): FluxEvents | undefined {
  if (!deps.address) return undefined;
  const url = eventsUrl(deps.address);
  return { post: (event, signal) => post(url, eventBody(event, deps.instance), deps, signal) };
}

function eventBody(
  { regarding, severity, reason, message, ...event }: OutgoingEvent,
  instance: string,
): object {
  return {
    involvedObject: regarding,
    severity,
    timestamp: wholeSeconds(event.at.toISOString()),
    message,
    reason,
    metadata: { ...event.metadata, [EVENT_TOKEN]: event.token },
    reportingController: FIELD_MANAGER,
    reportingInstance: instance,
  };
}

async function post(
  url: string,
  event: object,
  deps: Pick<FluxEventsDeps, 'fetch'>,
  signal?: AbortSignal,
): Promise<void> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const bound = signal ? AbortSignal.any([signal, timeout]) : timeout;
  let response: Response;
  let words: string;
  try {
    const sent = deps.fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'gotk-component': FIELD_MANAGER },
      body: JSON.stringify(event),
      redirect: 'manual',
      // The operator's own address, mostly in the cluster: the environment's proxies are not for it.
      proxy: false,
      signal: bound,
    });
    response = await untilAborted(sent, bound);
    words = await untilAborted(firstWords(response), bound);
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
  return cut(oneLine(text), MAX_WORDS);
}

function failed(what: string, url: string, cause?: unknown): TurnpikeError {
  const { host } = new URL(url);
  const sentence = `The event could not be sent to ${host} of --events-addr: it ${what}. Check that Flux's notification-controller runs there.`;
  return new TurnpikeError('NotificationFailed', sentence, { cause });
}

/**
 * The URL that events are sent to: `--events-addr` with a scheme and a path.
 *
 * @throws TurnpikeError ConfigInvalid
 */
export function eventsUrl(address: string): string {
  const url = URL.parse(address.includes('://') ? address : `http://${address}`);
  if (url && /^https?:$/.test(url.protocol) && !/\s/.test(address)) return url.href;
  const sentence = `--events-addr is not an address: write it as http://HOST or HOST:PORT.`;
  throw new TurnpikeError('ConfigInvalid', sentence);
}
