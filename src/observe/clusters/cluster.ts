import type { ApplicationReader } from '../../decide/observation/application-reader.ts';
import { asTurnpikeError, errorMessage, hasCode, TurnpikeError } from '../../lib/errors.ts';
import type { ClusterHosts } from '../../lib/net/index.ts';
import { cut, oneLine } from '../../lib/text/index.ts';
import type { ApplicationListener, NamedApplication } from '../applications/watch.ts';
import { remoteKubeConfig } from './kubeconfig.ts';
import type { ConnectionPool, Lease } from './pool.ts';
import type { FoundCluster, FoundKubeconfig } from './source.ts';
import type { ClusterUsers } from './users.ts';

export interface ClusterDeps {
  /** For messages: `GitopsCluster flux-system/leaf`. */
  readonly title: string;
  readonly namespace: string;
  readonly find: () => Promise<FoundCluster>;
  readonly users: ClusterUsers;
  readonly pool: ConnectionPool;
  readonly hosts: ClusterHosts;
  readonly now: () => Date;
  /** How often the kubeconfig is looked at: Secrets can be got, but not watched. Default: 30 s. */
  readonly lookEveryMs: number | undefined;
  /** It can be read again, no longer, or with other credentials. */
  readonly onChange: () => void;
  readonly onApplication: ApplicationListener;
}

/** A cluster that Pipelines name; its kubeconfig is followed wherever it goes. */
export interface Cluster {
  /**
   * For the Pipelines of a namespace.
   * @throws TurnpikeError whose sentence says which cluster, since when and why
   */
  reader(user: string): Required<ApplicationReader>;
  /** Opens it, so that nobody has to wait for that who reads it later. */
  warm(): void;
  /** Whether it can be read; undefined as long as nobody has tried. */
  reachable(): boolean | undefined;
  /** What an owner, the key of a Pipeline, has there; none: it is gone. */
  want(owner: string, applications: readonly NamedApplication[]): void;
  close(): void;
}

const LOOK_EVERY_MS = 30_000;
/** However often the cluster fails. */
const LOOK_APART_MS = 1000;

/** Whatever stands in a Secret is a matter of this cluster alone. */
function unusableKubeconfig(cause: unknown): TurnpikeError {
  const message = `Its kubeconfig cannot be used: ${cut(oneLine(errorMessage(cause)), 200)}`;
  return new TurnpikeError('SecretInvalid', message, { retry: 'backoff', cause });
}

export function createCluster(deps: ClusterDeps): Cluster {
  let lease: Lease | undefined;
  let unsubscribe = () => {};
  /** Why there is no lease. */
  let failure: { readonly since: string; readonly error: TurnpikeError } | undefined;
  let looking: Promise<void> | undefined;
  let lookedAt: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const wants = new Map<string, readonly NamedApplication[]>();

  function letGo(): void {
    unsubscribe();
    for (const owner of wants.keys()) lease?.connection.want(ownerOf(owner), []);
    lease?.release();
    lease = undefined;
  }

  function take({ text, where }: FoundKubeconfig): void {
    const digest = new Bun.CryptoHasher('sha256').update(text).digest('hex');
    if (lease?.digest === digest) return;
    const kubeConfig = () => remoteKubeConfig(text, { where, hosts: deps.hosts });
    const next = deps.pool.acquire({ namespace: deps.namespace, digest, kubeConfig });
    letGo();
    lease = next;
    const { onChange, onApplication } = deps;
    unsubscribe = next.connection.subscribe({
      changed: onChange,
      failed: lookSoon,
      application: onApplication,
    });
    tellWants();
  }

  /** What those have there that may not use it is not watched. */
  function tellWants(): void {
    for (const [owner, wanted] of wants) tellWant(owner, wanted);
  }

  function tellWant(owner: string, wanted: readonly NamedApplication[]): void {
    const [namespace = ''] = owner.split('/');
    lease?.connection.want(ownerOf(owner), deps.users.refusal(namespace) ? [] : wanted);
  }

  /** Several clusters of Pipelines may share a connection. */
  function ownerOf(owner: string): string {
    return `${deps.title} ${owner}`;
  }

  /** A kubeconfig that was taken away or spoilt is used no longer; our own API server's absence says nothing. */
  function miss(error: TurnpikeError): void {
    if (lease && error.code === 'ApiUnavailable') return;
    letGo();
    failure = { since: failure?.since ?? deps.now().toISOString(), error };
  }

  function learn(found: FoundCluster | undefined): void {
    if (!deps.users.learn(found)) return;
    tellWants();
    deps.onChange();
  }

  async function find(): Promise<FoundKubeconfig> {
    try {
      const found = await deps.find();
      learn(found);
      return await found.kubeconfig();
    } catch (error) {
      if (hasCode(error, 'ApiNotFound')) learn(undefined);
      throw error;
    }
  }

  async function lookNow(): Promise<void> {
    const before = { first: lookedAt === undefined, digest: lease?.digest };
    try {
      const found = await find();
      if (closed) return;
      take(found);
      failure = undefined;
    } catch (error) {
      if (!closed) miss(asTurnpikeError(error, unusableKubeconfig));
    } finally {
      lookedAt = performance.now();
    }
    if (!before.first && before.digest !== lease?.digest) deps.onChange();
  }

  function look(): Promise<void> {
    looking ??= lookNow().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  function lookSoon(): void {
    if (closed || (lookedAt !== undefined && performance.now() - lookedAt < LOOK_APART_MS)) return;
    void look();
  }

  async function begin(): Promise<void> {
    timer ??= setInterval(lookSoon, deps.lookEveryMs ?? LOOK_EVERY_MS).unref();
    if (lookedAt === undefined) await look();
  }

  function reader(user: string): Required<ApplicationReader> {
    return {
      async read(...what) {
        await begin();
        const refusal = deps.users.refusal(user);
        if (refusal) throw refusal;
        return readNow(...what);
      },
      async tagOf(...source) {
        return deps.users.refusal(user) ? undefined : lease?.connection.tagOf(...source);
      },
    };
  }

  async function readNow(...what: Parameters<ApplicationReader['read']>) {
    const used = lease;
    if (!used) throw unreadable();
    const wasAway = used.connection.away() !== undefined;
    try {
      return await used.connection.read(...what);
    } catch (error) {
      if (!used.connection.away()) throw prefixed(error);
      // Whoever found out that it is away has its credentials read again: they may have been replaced.
      if (wasAway && !looking) throw unreadable();
    }
    await look();
    if (!lease || lease.digest === used.digest) throw unreadable();
    return lease.connection.read(...what).catch((error) => {
      throw lease?.connection.away() ? unreadable() : prefixed(error);
    });
  }

  function unreadable(): TurnpikeError {
    const trouble = lease?.connection.away() ?? failure;
    if (!trouble) return new TurnpikeError('ApiUnavailable', `Cluster ${deps.title} is being connected to.`);
    const { since, error } = trouble;
    const message = `Cluster ${deps.title} cannot be read since ${since}: ${error.message}`;
    return new TurnpikeError(error.code, message, { retry: error.retry, cause: error });
  }

  function prefixed(error: unknown): unknown {
    if (!(error instanceof TurnpikeError)) return error;
    const message = `On cluster ${deps.title}: ${error.message}`;
    return new TurnpikeError(error.code, message, { retry: error.retry, cause: error });
  }

  function reachable(): boolean | undefined {
    if (!lease) return failure ? false : undefined;
    if (lease.connection.away()) return false;
    return lease.connection.tried() ? true : undefined;
  }

  return {
    reader,
    reachable,
    warm: () => void begin(),
    want(owner, wanted) {
      if (wanted.length > 0) wants.set(owner, wanted);
      else wants.delete(owner);
      tellWant(owner, wanted);
    },
    close() {
      closed = true;
      clearInterval(timer);
      letGo();
    },
  };
}
