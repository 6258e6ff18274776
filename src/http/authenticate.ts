import { HMAC_KEY, HMAC_KEY_PREVIOUS } from '../api/group.ts';
import { type PipelineKey, type PipelineSpec, pipelineKey, type StoredPipeline } from '../api/pipeline.ts';
import { isSignedBy, type Signature } from './signature.ts';

export interface Secret {
  readonly values: ReadonlyMap<string, Uint8Array>;
}

/** What the signed endpoints need of the cluster. */
export interface SignedDeps {
  find(key: PipelineKey): StoredPipeline | undefined;
  /** A Secret of the Pipeline's namespace; `fresh` looks past the cache. Undefined: there is none. */
  readSecret(
    namespace: string,
    name: string,
    options?: { fresh?: boolean },
  ): Secret | undefined | Promise<Secret | undefined>;
  /** Whether the API server answers and all Pipelines are known. */
  available(): boolean;
}

/** Why a request was refused; for the log and the metric, never for the caller. */
export type Rejection =
  | 'unknown-pipeline'
  | 'no-secret-ref'
  | 'wrong-provider'
  | 'no-signature'
  | 'stale-timestamp'
  | 'secret-missing'
  | 'wrong-signature'
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
  /** The Secret whose key must have signed; undefined: the spec names none. */
  readonly secretOf: (spec: PipelineSpec) => string | undefined;
  readonly signature: Signature | undefined;
  readonly signed: readonly (string | Uint8Array)[];
  readonly allowUnsigned: boolean;
}

/**
 * Checks the signature with the key of the Secret that the Pipeline names. A key that was changed a
 * moment ago is found by reading the Secret once more. Whoever is refused while the API server is away
 * may be right: they are told to come again.
 */
export async function authenticate(deps: SignedDeps, request: SignedRequest): Promise<Authentication> {
  const { namespace, name, signature, signed } = request;
  const pipeline = deps.find(pipelineKey(namespace, name));
  const secret = pipeline?.spec.ok ? request.secretOf(pipeline.spec.value) : undefined;
  if (pipeline?.spec.ok && secret === undefined && request.allowUnsigned) return { ok: true, pipeline };
  if (!signature) return refuse(deps, 'no-signature');
  if (!pipeline || secret === undefined) {
    isSignedBy(signature, [], signed);
    return refuse(deps, pipeline ? 'no-secret-ref' : 'unknown-pipeline');
  }
  try {
    const known = await deps.readSecret(namespace, secret);
    if (isSignedBy(signature, keysOf(known), signed)) return { ok: true, pipeline, secret };
    const fresh = await deps.readSecret(namespace, secret, { fresh: true });
    const right = fresh !== known && isSignedBy(signature, keysOf(fresh), signed);
    if (right) return { ok: true, pipeline, secret };
    return refuse(deps, keysOf(fresh).length > 0 ? 'wrong-signature' : 'secret-missing');
  } catch (cause) {
    return { ok: false, rejection: 'unavailable', cause };
  }
}

export function refuse(deps: SignedDeps, rejection: Rejection): Refusal {
  return { ok: false, rejection: deps.available() ? rejection : 'unavailable' };
}

function keysOf(secret: Secret | undefined): Uint8Array[] {
  const keys = [secret?.values.get(HMAC_KEY), secret?.values.get(HMAC_KEY_PREVIOUS)];
  return keys.filter((key): key is Uint8Array => key !== undefined && key.length > 0);
}
