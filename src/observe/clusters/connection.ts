import type { ApplicationReader } from '../../decide/observation/application-reader.ts';
import { type Clock, createListeners } from '../../lib/async/index.ts';
import { asTurnpikeError, hasCode, TurnpikeError } from '../../lib/errors.ts';
import { apiStatus, type KubeClient } from '../../lib/kube/index.ts';
import type { Logger } from '../../lib/logger.ts';
import type { ApplicationListener, NamedApplication } from '../applications/watch.ts';
import { type Reachability, type SignOfLife, watchReachability } from './reachability.ts';
import { withinTime } from './reading-time.ts';

/** The client and the watch that are opened for a kubeconfig. */
export interface RemoteApplications extends ApplicationReader {
  readonly client: KubeClient;
  /** The same as of `ApplicationWatch`. */
  setInterest(owner: string, applications: readonly NamedApplication[]): void;
  subscribe(listener: ApplicationListener): () => void;
  close(): void;
}

export interface ConnectionListener {
  /** Called when it can be read again, or no longer. */
  readonly changed: () => void;
  /** Called each time that a probe or a read finds it unavailable. */
  readonly failed: () => void;
  readonly application: ApplicationListener;
}

/**
 * One cluster under one kubeconfig, and a breaker: a read of an unavailable cluster fails at once, with the last error.
 * Any other read gives up after three seconds, and three more that it waited for room of ours.
 */
export interface ClusterConnection
  extends Required<ApplicationReader>,
    Pick<Reachability, 'outage' | 'tried'> {
  readonly setInterest: RemoteApplications['setInterest'];
  subscribe(listener: ConnectionListener): () => void;
  close(): void;
}

export interface ConnectionDeps {
  readonly applications: RemoteApplications;
  readonly log: Logger;
  readonly now: () => Date;
  /** The interval of probes of a cluster that is available. Default: 15 s. */
  readonly heartbeatMs?: number;
  /** Default: timers. */
  readonly clock?: Clock | undefined;
}

const READ_TIMEOUT_MS = 3000;
const HEARTBEAT_MS = 15_000;

export function createConnection(deps: ConnectionDeps): ClusterConnection {
  const { applications, now, heartbeatMs = HEARTBEAT_MS, clock } = deps;
  const { client } = applications;
  const inTime: InTime = (work) => withinTime(READ_TIMEOUT_MS, client.waited ?? (() => 0), work, clock);
  const listeners = createListeners<ConnectionListener>(deps.log);
  const reachability = watchReachability({
    probe: () => signOfLife(client, inTime),
    onChange: () => listeners.notify(({ changed }) => changed()),
    onFailure: () => listeners.notify(({ failed }) => failed()),
    now,
    heartbeatMs,
    schedule: clock?.schedule,
  });
  const { outage } = reachability;

  async function ask<T>(work: () => Promise<T>): Promise<T> {
    const known = outage();
    if (known) throw known.error;
    try {
      const answer = await inTime(work);
      reachability.markRead();
      return answer;
    } catch (cause) {
      const error = remoteError(cause);
      if (error.code === 'ApiBusy') reachability.markBusy();
      else if (isOutage(error)) reachability.markUnavailable(error);
      throw error;
    }
  }

  return {
    read: (appRef, namespace, options) => ask(() => applications.read(appRef, namespace, options)),
    // A failure to read sources says nothing of the cluster.
    tagOf: async (source, digest) =>
      outage() ? undefined : inTime(async () => applications.tagOf?.(source, digest)),
    setInterest: applications.setInterest,
    outage,
    tried: reachability.tried,
    subscribe(listener) {
      const remove = listeners.add(listener);
      const unsubscribe = applications.subscribe(listener.application);
      return () => {
        remove();
        unsubscribe();
      };
    },
    close() {
      reachability.close();
      listeners.clear();
      applications.close();
    },
  };
}

/** Gives the work the time that a read has. */
type InTime = <T>(work: () => Promise<T>) => Promise<T>;

/** An answer of "forbidden" is a sign of life, too: the API server knows us. */
async function signOfLife(client: KubeClient, inTime: InTime): Promise<SignOfLife> {
  try {
    const timeoutMs = READ_TIMEOUT_MS;
    await inTime(() => client.request({ method: 'GET', path: '/version', timeoutMs }));
  } catch (cause) {
    const error = remoteError(cause);
    if (error.code === 'ApiBusy') return { kind: 'busy' };
    if (isSilence(error)) return { kind: 'silent', error };
  }
  return { kind: 'answered' };
}

/**
 * Reports whether there is no sign of life, or none from where we may ask for one: a name may lead elsewhere by and by.
 */
function isSilence(error: TurnpikeError): boolean {
  if (error.code === 'HostNotAllowed') return true;
  return error.code === 'ApiUnavailable' && apiStatus(error)?.httpStatus !== 429;
}

/**
 * Reports whether no API server answered, or one that does not know us. One API of a cluster may be out of order while
 * the others are not.
 */
function isOutage(error: TurnpikeError): boolean {
  if (error.code === 'HostNotAllowed') return true;
  if (!hasCode(error, 'ApiUnavailable')) return false;
  const status = apiStatus(error);
  return status === undefined || status.httpStatus === 401;
}

/**
 * Another cluster's server may answer anything: that is its fault, not ours. Its texts are not passed on unless they
 * are an API server's, or a kubeconfig would be a way to read what only we can reach.
 */
function remoteError(error: unknown): TurnpikeError {
  const status = apiStatus(error);
  if (error instanceof TurnpikeError && status?.reason === '') {
    const message = `It does not answer like an API server: HTTP ${status.httpStatus}.`;
    return new TurnpikeError(error.code, message, { retry: error.retry, cause: status });
  }
  return asTurnpikeError(error, unlikeAnApiServer);
}

function unlikeAnApiServer(cause: unknown): TurnpikeError {
  const message =
    'It does not answer like an API server: an answer is incomplete, or has an unexpected form.';
  return new TurnpikeError('ApiRefused', message, { retry: 'backoff', cause });
}
