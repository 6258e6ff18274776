import { type PipelineSpec, pipelineKey, type StoredPipeline } from '../../api/pipeline.ts';
import { type KeyRefusal, type KeyUse, keysFor, MAX_KEYS } from '../../decide/keys.ts';
import { type Signature, signerOf } from '../../lib/net/index.ts';
import { checkTwice, type SecretCheck } from './check-twice.ts';
import { isSame, type SignedDeps, type SignerSecret } from './secrets.ts';

/** Why a request was rejected; for the log and the metric, never for the caller. */
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

export interface Unproven {
  readonly ok: false;
  readonly rejection: Rejection;
  readonly cause?: unknown;
}

export type Authentication =
  | { readonly ok: true; readonly pipeline: StoredPipeline; readonly secret?: string }
  | Unproven;

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
 * by reading the Secret once more. While the API server is away a rejected request may be right: it is to come again.
 */
export async function authenticate(deps: SignedDeps, request: SignedRequest): Promise<Authentication> {
  const { namespace, name, signature } = request;
  const pipeline = deps.find(pipelineKey(namespace, name));
  const secret = pipeline?.spec.ok ? request.secretOf(pipeline.spec.value) : undefined;
  if (pipeline?.spec.ok && secret === undefined && request.allowUnsigned) return { ok: true, pipeline };
  if (!signature) return unproven(deps, 'no-signature');
  try {
    const tried = await checkTwice(deps, checkOf(request, signature, secret));
    if (tried === 'busy') return unproven(deps, tried);
    if (!pipeline) return unproven(deps, 'unknown-pipeline');
    if (secret === undefined) return unproven(deps, 'no-secret-ref');
    const { check } = tried;
    const known = check === 'right-by-stand-in' ? await confirm(deps, request, signature, secret) : check;
    return isRight(known) ? { ok: true, pipeline, secret } : unproven(deps, known);
  } catch (cause) {
    return { ok: false, rejection: 'unavailable', cause };
  }
}

/** `right-by-stand-in`: by a key for events, while the Secret that is known has none for approvals. */
type SignatureCheck = 'right' | 'right-by-stand-in' | Rejection;

function isRight(check: SignatureCheck): check is 'right' | 'right-by-stand-in' {
  return check === 'right' || check === 'right-by-stand-in';
}

/** The Secret that was tried, and whether the signature fits a key of it. */
interface Tried {
  readonly secret: SignerSecret | undefined;
  readonly check: SignatureCheck;
}

/** Without a Secret nothing is right, and it takes as long to say so. */
function checkOf(
  request: SignedRequest,
  signature: Signature,
  secret: string | undefined,
): SecretCheck<Tried> {
  const { namespace, name, environment, use, source } = request;
  return {
    path: `${use} ${namespace}/${name}/${environment}`,
    source,
    namespace,
    secrets: secret === undefined ? [] : [secret],
    attempt([read], first) {
      if (read?.status === 'rejected') throw read.reason;
      if (first && isSame(first.secret, read?.value)) return first;
      return { secret: read?.value, check: verify(request, signature, read?.value) };
    },
    isRight: ({ check }) => isRight(check),
    cost: 1,
  };
}

/**
 * Checks whether a key for events still approves: one for approvals may be there since the Secret was read last. Only a
 * right signature has it read.
 */
async function confirm(
  deps: SignedDeps,
  request: SignedRequest,
  signature: Signature,
  secret: string,
): Promise<SignatureCheck> {
  // A Secret that was read before serves on while the API server does not answer, and says nothing about now.
  const fresh = await deps.readSecret(request.namespace, secret, { fresh: true, strict: true });
  return deps.available() ? verify(request, signature, fresh) : 'unavailable';
}

function verify(
  { use, signed }: SignedRequest,
  signature: Signature,
  secret: SignerSecret | undefined,
): SignatureCheck {
  const keys = secret ? keysFor(use, secret.values) : [];
  const candidates = { keys: keys.map(({ bytes }) => bytes), most: MAX_KEYS[use] };
  const signer = keys[signerOf(signature, candidates, signed)];
  if (signer) return signer.refusal ?? (signer.standsIn ? 'right-by-stand-in' : 'right');
  if (keys.some(({ refusal }) => refusal === undefined)) return 'wrong-signature';
  return keys[0]?.refusal ?? 'secret-missing';
}

export function unproven(deps: Pick<SignedDeps, 'available'>, rejection: Rejection): Unproven {
  return { ok: false, rejection: deps.available() ? rejection : 'unavailable' };
}
