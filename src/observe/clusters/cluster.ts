import type { ApplicationReader } from '../../decide/observation/application-reader.ts';
import { BACKGROUND, type Clock } from '../../lib/async/index.ts';
import { asTurnpikeError, errorMessage, hasCode, TurnpikeError } from '../../lib/errors.ts';
import { cut, oneLine } from '../../lib/text/index.ts';
import type { ApplicationListener } from '../applications/watch.ts';
import {
  type CurrentConnection,
  type CurrentConnectionDeps,
  createCurrentConnection,
} from './current-connection.ts';
import type { Outage } from './reachability.ts';
import { type RepeatedLook, repeatLook } from './repeated-look.ts';
import type { FoundCluster } from './source.ts';

export interface ClusterDeps extends CurrentConnectionDeps {
  readonly find: () => Promise<FoundCluster>;
  readonly now: () => Date;
  /** The interval of looks at the kubeconfig: Secrets can be got, but not watched. Default: 30 s. */
  readonly lookEveryMs: number | undefined;
  readonly clock: Clock | undefined;
  /** Called when it can be read again, no longer, or with other credentials. */
  readonly onChange: () => void;
  readonly onApplication: ApplicationListener;
}

/** A cluster that Pipelines name; its kubeconfig is followed wherever it goes. */
export interface Cluster extends Pick<CurrentConnection, 'setInterest'> {
  /**
   * The reader for the Pipelines of a namespace.
   * @throws TurnpikeError whose sentence says which cluster, since when and why
   */
  reader(user: string): Required<ApplicationReader>;
  /** Opens the connection before the first read, which then need not wait for it. */
  warm(): void;
  /** Reports whether it can be read; undefined until a read was tried. */
  reachable(): boolean | undefined;
  close(): void;
}

const LOOK_EVERY_MS = 30_000;
/** The shortest time between two looks, however often the cluster fails. */
const LOOK_APART_MS = 1000;

export function createCluster(deps: ClusterDeps): Cluster {
  const { title, users, onChange } = deps;
  /** The reason why there is no connection. */
  let failure: Outage | undefined;
  const everyMs = deps.lookEveryMs ?? LOOK_EVERY_MS;
  const look = repeatLook(lookUp, { everyMs, apartMs: LOOK_APART_MS }, deps.clock ?? BACKGROUND);
  const current = createCurrentConnection(deps, {
    changed: onChange,
    failed: look.soon,
    application: deps.onApplication,
  });

  function learn(found: FoundCluster | undefined): void {
    if (!users.learn(found)) return;
    current.refreshInterests();
    onChange();
  }

  async function lookUp(): Promise<void> {
    const [isFirst, before] = [!look.hasLooked(), current.get()?.digest];
    try {
      const kubeconfig = await findKubeconfig(deps.find, learn);
      if (look.isStopped()) return;
      current.use(kubeconfig);
      failure = undefined;
    } catch (error) {
      if (!look.isStopped()) markMissing(asTurnpikeError(error, unusableKubeconfig));
    }
    if (!isFirst && before !== current.get()?.digest) onChange();
  }

  /** A kubeconfig that was removed or made unusable is used no longer; our own API server's absence says nothing. */
  function markMissing(error: TurnpikeError): void {
    if (current.get() && error.code === 'ApiUnavailable') return;
    current.release();
    failure = { since: failure?.since ?? deps.now().toISOString(), error };
  }

  function unreadable(): TurnpikeError {
    return unreadableSince(title, current.get()?.connection.outage() ?? failure);
  }

  return {
    reader: (user) => ({
      async read(...what) {
        await look.begin();
        const refusal = users.refusal(user);
        if (refusal) throw refusal;
        return readThrough({ title, current, look, unreadable }, what);
      },
      async tagOf(...source) {
        return users.refusal(user) ? undefined : current.get()?.connection.tagOf(...source);
      },
    }),
    reachable: () => isReachable(current, failure),
    warm: () => void look.begin(),
    setInterest: current.setInterest,
    close() {
      look.stop();
      current.release();
    },
  };
}

interface Opened {
  readonly title: string;
  readonly current: CurrentConnection;
  readonly look: RepeatedLook;
  readonly unreadable: () => TurnpikeError;
}

/**
 * A read that finds the cluster unavailable has its credentials looked at, for they may have been replaced, and tries
 * new ones.
 */
async function readThrough(
  { title, current, look, unreadable }: Opened,
  what: Parameters<ApplicationReader['read']>,
) {
  const used = current.get();
  if (!used) throw unreadable();
  const wasAway = used.connection.outage() !== undefined;
  try {
    return await used.connection.read(...what);
  } catch (error) {
    if (!used.connection.outage()) throw onCluster(title, error);
    if (wasAway && !look.isUnderWay()) throw unreadable();
  }
  await look.now();
  const next = current.get();
  if (!next || next.digest === used.digest) throw unreadable();
  return next.connection.read(...what).catch((error) => {
    throw current.get()?.connection.outage() ? unreadable() : onCluster(title, error);
  });
}

async function findKubeconfig(find: ClusterDeps['find'], learn: (found: FoundCluster | undefined) => void) {
  try {
    const found = await find();
    learn(found);
    return await found.kubeconfig();
  } catch (error) {
    if (hasCode(error, 'ApiNotFound')) learn(undefined);
    throw error;
  }
}

function isReachable(current: CurrentConnection, failure: Outage | undefined): boolean | undefined {
  const used = current.get();
  if (!used) return failure ? false : undefined;
  if (used.connection.outage()) return false;
  return used.connection.tried() ? true : undefined;
}

/** An unusable kubeconfig in a Secret is a fault of this cluster alone. */
function unusableKubeconfig(cause: unknown): TurnpikeError {
  const message = `Its kubeconfig cannot be used: ${cut(oneLine(errorMessage(cause)), 200)}`;
  return new TurnpikeError('SecretInvalid', message, { retry: 'backoff', cause });
}

function unreadableSince(title: string, outage: Outage | undefined): TurnpikeError {
  if (!outage) return new TurnpikeError('ApiUnavailable', `Cluster ${title} is being connected to.`);
  const { since, error } = outage;
  const message = `Cluster ${title} cannot be read since ${since}: ${error.message}`;
  return new TurnpikeError(error.code, message, { retry: error.retry, cause: error });
}

function onCluster(title: string, error: unknown): unknown {
  if (!(error instanceof TurnpikeError)) return error;
  const message = `On cluster ${title}: ${error.message}`;
  return new TurnpikeError(error.code, message, { retry: error.retry, cause: error });
}
