import type { ApplicationReader } from '../../decide/observation/application-reader.ts';
import { createListeners, doubled } from '../../lib/async/index.ts';
import { asTurnpikeError, hasCode, TurnpikeError } from '../../lib/errors.ts';
import { apiStatus, type KubeClient } from '../../lib/kube/index.ts';
import type { Logger } from '../../lib/logger.ts';
import type { ApplicationListener, NamedApplication } from '../applications/watch.ts';
import { withinTime } from './reading-time.ts';

/** What is opened for a kubeconfig. */
export interface RemoteApplications extends ApplicationReader {
  readonly client: KubeClient;
  /** What an owner wants to hear of from now on, in place of what it wanted before. */
  want(owner: string, applications: readonly NamedApplication[]): void;
  subscribe(listener: ApplicationListener): () => void;
  close(): void;
}

export interface ConnectionListener {
  /** It can be read again, or no longer. */
  readonly changed: () => void;
  /** It cannot be read: each time that this is found out. */
  readonly failed: () => void;
  readonly application: ApplicationListener;
}

/**
 * One cluster under one kubeconfig, and a breaker: while it is away nobody waits for it. A read gives up after three
 * seconds, and three more that it waited for room of ours; at once, with the last error, while the cluster is away.
 */
export interface ClusterConnection extends Required<ApplicationReader> {
  want: RemoteApplications['want'];
  away(): Away | undefined;
  /** Whether it is known by now if it answers. */
  tried(): boolean;
  subscribe(listener: ConnectionListener): () => void;
  close(): void;
}

export interface Away {
  /** RFC 3339 */
  readonly since: string;
  readonly error: TurnpikeError;
}

export interface ConnectionDeps {
  readonly applications: RemoteApplications;
  readonly log: Logger;
  readonly now: () => Date;
  /** A cluster that is there is asked for a sign of life so often: nobody may be reading it. Default: 15 s. */
  readonly heartbeatMs?: number;
}

const READ_TIMEOUT_MS = 3000;
const HEARTBEAT_MS = 15_000;
/** One that is away: at first, and at most after doubling. */
const PROBE_MIN_MS = 1000;
const PROBE_MAX_MS = 15_000;

export function createConnection({
  applications,
  log,
  now,
  heartbeatMs = HEARTBEAT_MS,
}: ConnectionDeps): ClusterConnection {
  const listeners = createListeners<ConnectionListener>(log);
  let away: Away | undefined;
  let tried = false;
  /** Somebody could not read because there was no room of ours. */
  let wasBusy = false;
  /** Delays since a read succeeded. */
  let delays = 0;
  let closed = false;
  // The first sign of life is asked for at once: whoever reads meanwhile need not be the one to find out.
  let timer = after(0);

  function after(ms: number): NodeJS.Timeout {
    return setTimeout(() => void probe(), ms).unref();
  }

  function schedule(ms: number): void {
    clearTimeout(timer);
    if (!closed) timer = after(ms);
  }

  /** Only a read that succeeds starts the delays anew: a cluster that answers probes alone must not flap. */
  function backOff(): number {
    delays += 1;
    return doubled(PROBE_MIN_MS, PROBE_MAX_MS, delays - 1);
  }

  function fall(error: TurnpikeError): void {
    if (closed) return;
    tried = true;
    const before = away;
    wasBusy = false;
    away = { since: before?.since ?? now().toISOString(), error };
    listeners.notify(({ failed, changed }) => {
      failed();
      if (!before) changed();
    });
    if (!before) schedule(backOff());
  }

  function rise(): void {
    tried = true;
    const isNews = away !== undefined || wasBusy;
    if (!isNews || closed) return;
    away = undefined;
    wasBusy = false;
    listeners.notify(({ changed }) => changed());
  }

  /** That we do not come to ask says nothing of the cluster. Who wanted to read hears when there is room again. */
  function postpone(): void {
    if (wasBusy || away) return;
    wasBusy = true;
    schedule(backOff());
  }

  /** Whoever is let in is answered, be it by "forbidden". */
  async function probe(): Promise<void> {
    const wasAway = away !== undefined;
    try {
      const timeoutMs = READ_TIMEOUT_MS;
      await inTime(() => applications.client.request({ method: 'GET', path: '/version', timeoutMs }));
      rise();
    } catch (error) {
      const known = remoteError(error);
      if (known.code === 'ApiBusy') wasBusy = !wasAway;
      else if (isSilence(known)) fall(known);
      else rise();
    }
    if (!away && !wasBusy) schedule(heartbeatMs);
    else if (wasAway || wasBusy) schedule(backOff());
  }

  async function asked<T>(work: () => Promise<T>): Promise<T> {
    if (away) throw away.error;
    try {
      const object = await inTime(work);
      delays = 0;
      tried = true;
      return object;
    } catch (error) {
      const known = remoteError(error);
      if (known.code === 'ApiBusy') postpone();
      else if (isOutage(known)) fall(known);
      throw known;
    }
  }

  function inTime<T>(work: () => Promise<T>): Promise<T> {
    return withinTime(READ_TIMEOUT_MS, applications.client.waited ?? (() => 0), work);
  }

  return {
    read: (appRef, namespace, options) => asked(() => applications.read(appRef, namespace, options)),
    // That sources cannot be asked for says nothing of the cluster.
    tagOf: async (source, digest) =>
      away ? undefined : inTime(async () => applications.tagOf?.(source, digest)),
    want: applications.want,
    away: () => away,
    tried: () => tried,
    subscribe(listener) {
      const remove = listeners.add(listener);
      const unsubscribe = applications.subscribe(listener.application);
      return () => {
        remove();
        unsubscribe();
      };
    },
    close() {
      closed = true;
      clearTimeout(timer);
      listeners.clear();
      applications.close();
    },
  };
}

/** No sign of life, or none from where we may ask for one: a name may lead elsewhere by and by. */
function isSilence(error: TurnpikeError): boolean {
  if (error.code === 'HostNotAllowed') return true;
  return error.code === 'ApiUnavailable' && apiStatus(error)?.httpStatus !== 429;
}

/** Nobody answered, or nobody who knows us. One API of a cluster may be out of order while the others are not. */
function isOutage(error: TurnpikeError): boolean {
  if (error.code === 'HostNotAllowed') return true;
  if (!hasCode(error, 'ApiUnavailable')) return false;
  const status = apiStatus(error);
  return status === undefined || status.httpStatus === 401;
}

/**
 * What a strange server answers may be of any shape: that is its fault, not ours. Its texts are not passed on
 * unless they are an API server's, or a kubeconfig would be a way to read what only we can reach.
 */
function remoteError(error: unknown): TurnpikeError {
  const status = apiStatus(error);
  if (error instanceof TurnpikeError && status?.reason === '') {
    const message = `It answers unlike an API server: HTTP ${status.httpStatus}.`;
    return new TurnpikeError(error.code, message, { retry: error.retry, cause: status });
  }
  return asTurnpikeError(error, unlikeAnApiServer);
}

function unlikeAnApiServer(cause: unknown): TurnpikeError {
  const message = 'It answers unlike an API server: something is missing in an answer, or has another form.';
  return new TurnpikeError('ApiRefused', message, { retry: 'backoff', cause });
}
