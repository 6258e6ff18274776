import { type PipelineKey, type PipelineSpec, pipelineKey, type StoredPipeline } from '../../api/pipeline.ts';
import { type KeyRefusal, type KeyUse, keysFor, MAX_KEYS } from '../../decide/keys.ts';
import { type Signature, signerOf } from '../../lib/net/index.ts';
import type { Recheck, Rechecks } from './rechecks.ts';

export interface Secret {
  readonly values: ReadonlyMap<string, Uint8Array>;
  /** Changes with each change of the Secret. */
  readonly version?: string;
}

/** What came of reading a Secret; undefined: there is none. */
export type SecretRead = PromiseSettledResult<Secret | undefined>;

/** What the signed endpoints need of the cluster. */
export interface SignedDeps {
  find(key: PipelineKey): StoredPipeline | undefined;
  /**
   * A Secret of the Pipeline's namespace; `fresh` looks past the cache, and `strict` fails where that cannot be done.
   * Undefined: there is none.
   */
  readSecret(
    namespace: string,
    name: string,
    options?: { fresh?: boolean; strict?: boolean },
  ): Secret | undefined | Promise<Secret | undefined>;
  readonly rechecks: Rechecks<readonly SecretRead[]>;
  /** Whether the API server answers and all Pipelines are known. */
  available(): boolean;
}

/** Why a request was refused; for the log and the metric, never for the caller. */
export type Rejection =
  | KeyRefusal
  | 'unknown-pipeline'
  | 'no-secret-ref'
  | 'wrong-provider'
  | 'no-signature'
  | 'stale-timestamp'
  | 'secret-missing'
  | 'wrong-signature'
  | 'busy'
  | 'unavailable';

export interface Refusal {
  readonly ok: false;
  readonly rejection: Rejection;
  readonly cause?: unknown;
}

export type Authentication =
  | { readonly ok: true; readonly pipeline: StoredPipeline; readonly secret?: string }
  | Refusal;

export interface SignedRequest {
  readonly namespace: string;
  readonly name: string;
  readonly environment: string;
  readonly use: KeyUse;
  /** Address of the sender. */
  readonly source: string;
  /** The Secret whose key must have signed; undefined: the spec names none. */
  readonly secretOf: (spec: PipelineSpec) => string | undefined;
  readonly signature: Signature | undefined;
  readonly signed: readonly (string | Uint8Array)[];
  readonly allowUnsigned: boolean;
}

/**
 * Checks the signature with the keys of the Secret that the Pipeline names. A key that was changed a moment ago is found
 * by reading the Secret once more. Whoever is refused while the API server is away may be right: they are told to come
 * again.
 */
export async function authenticate(deps: SignedDeps, request: SignedRequest): Promise<Authentication> {
  const { namespace, name, signature } = request;
  const pipeline = deps.find(pipelineKey(namespace, name));
  const secret = pipeline?.spec.ok ? request.secretOf(pipeline.spec.value) : undefined;
  if (pipeline?.spec.ok && secret === undefined && request.allowUnsigned) return { ok: true, pipeline };
  if (!signature) return refuse(deps, 'no-signature');
  try {
    const verdict = await verify(deps, request, signature, secret);
    if (verdict === 'busy') return refuse(deps, verdict);
    if (!pipeline) return refuse(deps, 'unknown-pipeline');
    if (secret === undefined) return refuse(deps, 'no-secret-ref');
    const known = verdict === 'right-by-stand-in' ? await confirm(deps, request, signature, secret) : verdict;
    return isRight(known) ? { ok: true, pipeline, secret } : refuse(deps, known);
  } catch (cause) {
    return { ok: false, rejection: 'unavailable', cause };
  }
}

/** `right-by-stand-in`: by a key for events, while the Secret that is known has none for approvals. */
type Verdict = 'right' | 'right-by-stand-in' | Rejection;

function isRight(verdict: Verdict): verdict is 'right' | 'right-by-stand-in' {
  return verdict === 'right' || verdict === 'right-by-stand-in';
}

/**
 * Whether a key for events approves still: one for approvals may be there since the Secret was read last. Nobody without
 * a right signature has it read.
 */
async function confirm(
  deps: SignedDeps,
  request: SignedRequest,
  signature: Signature,
  secret: string,
): Promise<Verdict> {
  // What was read before serves on while the API server does not answer, and says nothing about now.
  const fresh = await deps.readSecret(request.namespace, secret, { fresh: true, strict: true });
  return deps.available() ? judge(request, signature, fresh) : 'unavailable';
}

/**
 * Without a Secret nothing is right, and it takes as long to say so. Whether there is a second check is decided before
 * anything is waited for.
 */
async function verify(
  deps: SignedDeps,
  request: SignedRequest,
  signature: Signature,
  secret: string | undefined,
): Promise<Verdict> {
  const { namespace, name, environment, use, source } = request;
  const began = deps.rechecks.now();
  const reading = secret === undefined ? undefined : deps.readSecret(namespace, secret);
  const isReading = reading instanceof Promise;
  const early = isReading ? undefined : timed(deps, () => judge(request, signature, reading));
  if (early && isRight(early.value)) return early.value;
  const caller = { path: `${use} ${namespace}/${name}/${environment}`, source, isReading };
  const refresh = secret === undefined ? undefined : () => readFresh(deps, namespace, [secret]);
  const recheck = deps.rechecks.open(caller, refresh);
  const known = await reading;
  const { value: first, ms } = early ?? timed(deps, () => judge(request, signature, known));
  if (isRight(first)) {
    if (recheck.kind === 'running') recheck.withdraw();
    return first;
  }
  const second = await secondVerdict(recheck, first, ([fresh] = []) => {
    if (fresh?.status === 'rejected') throw fresh.reason;
    return isSame(known, fresh?.value) ? first : judge(request, signature, fresh?.value);
  });
  if (!isRight(second)) await recheck.due(began + ms);
  return second;
}

/** What the second check brings, where there is one. */
export async function secondVerdict<T>(
  recheck: Recheck<readonly SecretRead[]>,
  first: T,
  judgeAgain: (reads: readonly SecretRead[] | undefined) => T,
): Promise<T | 'busy'> {
  switch (recheck.kind) {
    case 'running':
      return judgeAgain(await recheck.read);
    case 'recent':
      return first;
    case 'busy':
      return 'busy';
  }
}

export function readFresh(
  deps: Pick<SignedDeps, 'readSecret'>,
  namespace: string,
  names: readonly string[],
): Promise<readonly SecretRead[]> {
  return Promise.allSettled(names.map(async (name) => deps.readSecret(namespace, name, { fresh: true })));
}

export function isSame(known: Secret | undefined, fresh: Secret | undefined): boolean {
  return known === fresh || (known?.version !== undefined && known.version === fresh?.version);
}

/** With the milliseconds that it takes. */
export function timed<T>({ rechecks }: Pick<SignedDeps, 'rechecks'>, run: () => T): { value: T; ms: number } {
  const began = rechecks.now();
  const value = run();
  return { value, ms: rechecks.now() - began };
}

function judge({ use, signed }: SignedRequest, signature: Signature, secret: Secret | undefined): Verdict {
  const keys = secret ? keysFor(use, secret.values) : [];
  const candidates = { keys: keys.map(({ bytes }) => bytes), most: MAX_KEYS[use] };
  const signer = keys[signerOf(signature, candidates, signed)];
  if (signer) return signer.refusal ?? (signer.standsIn ? 'right-by-stand-in' : 'right');
  if (keys.some(({ refusal }) => refusal === undefined)) return 'wrong-signature';
  return keys[0]?.refusal ?? 'secret-missing';
}

export function refuse(deps: Pick<SignedDeps, 'available'>, rejection: Rejection): Refusal {
  return { ok: false, rejection: deps.available() ? rejection : 'unavailable' };
}
