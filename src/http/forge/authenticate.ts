import { pipelineKey, type StoredPipeline } from '../../api/pipeline.ts';
import { keyFault } from '../../decide/keys.ts';
import { type ForgeSecret, forgeSecrets } from '../../decide/model/route.ts';
import type { MissingProof, Proof } from '../../lib/forges/index.ts';
import type { ForgeType } from '../../lib/forges/pure.ts';
import { WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS } from '../../lib/net/pure.ts';
import { type Rejection, type Unproven, unproven } from '../signed/authenticate.ts';
import { checkTwice } from '../signed/check-twice.ts';
import { isSame, type SecretRead, type SignedDeps, type SignerSecret } from '../signed/secrets.ts';

export interface ForgeRequest {
  readonly forge: ForgeType;
  readonly namespace: string;
  readonly name: string;
  /** Address of the sender. */
  readonly source: string;
  readonly proof: Proof | MissingProof;
}

export type ForgeAuthentication =
  | {
      readonly ok: true;
      readonly pipeline: StoredPipeline;
      /** Those that the promotions with a Secret that matched lead into. */
      readonly environments: readonly string[];
    }
  | Unproven;

/** A Secret of the Pipeline; `right`: the sender knows it. */
interface Trial {
  readonly environments: readonly string[];
  readonly secret?: SignerSecret | undefined;
  readonly right: boolean;
  /** Why it proves nothing, when it does not. */
  readonly rejection: Rejection;
  readonly cause?: unknown;
}

/** So many Secrets of one Pipeline are tried, for each costs a signature of the request's body, from any sender. */
const MAX_SECRETS = 5;

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/**
 * Checks the proof with each Secret that the Pipeline names for a forge of this type. As with signed events, a
 * key that was changed a moment ago is found by reading once more, and nobody is refused for good while the
 * API server is away.
 */
export async function authenticateForge(
  deps: SignedDeps,
  request: ForgeRequest,
): Promise<ForgeAuthentication> {
  const { forge, namespace, name, proof } = request;
  const pipeline = deps.find(pipelineKey(namespace, name));
  const secrets = pipeline?.spec.ok ? forgeSecrets(pipeline.spec.value, forge).slice(0, MAX_SECRETS) : [];
  if (typeof proof === 'string') return unproven(deps, proof);
  const trials = await tryTwice(deps, request, { proof, secrets });
  if (trials === 'busy') return unproven(deps, 'busy');
  if (!pipeline) return unproven(deps, 'unknown-pipeline');
  return authenticationOf(deps, pipeline, trials);
}

interface ProofAttempt {
  readonly proof: Proof;
  readonly secrets: readonly ForgeSecret[];
}

/** Without a Secret there is nothing to try, and it takes as long to say so: that of as many as are tried at most. */
function tryTwice(
  deps: SignedDeps,
  { forge, namespace, name, source }: ForgeRequest,
  { proof, secrets }: ProofAttempt,
): Promise<readonly Trial[] | 'busy'> {
  return checkTwice<readonly Trial[]>(deps, {
    path: `${forge} ${namespace}/${name}`,
    source,
    namespace,
    secrets: secrets.map((secret) => secret.name),
    attempt: (reads, first) => triedAll(proof, secrets, reads, first),
    isRight: isAnyRight,
    cost: MAX_SECRETS / Math.max(secrets.length, 1),
  });
}

function triedAll(
  proof: Proof,
  secrets: readonly ForgeSecret[],
  reads: readonly SecretRead[],
  before?: readonly Trial[],
): readonly Trial[] {
  // Once, as the keys of a Secret that has not changed.
  if (secrets.length === 0 && before === undefined) proof([]);
  return secrets.map((secret, index) => tried(proof, secret, reads[index], before?.[index]));
}

function isAnyRight(trials: readonly Trial[]): boolean {
  return trials.some(({ right }) => right);
}

/** One that cannot be read keeps no other from being right. The second time, one that has not changed is not tried again. */
function tried(
  proof: Proof,
  { environments }: ForgeSecret,
  read: SecretRead | undefined,
  before?: Trial,
): Trial {
  if (read?.status === 'rejected') {
    return { environments: [], right: false, rejection: 'unavailable', cause: read.reason };
  }
  const secret = read?.value;
  if (before && before.cause === undefined && isSame(before.secret, secret)) return before;
  const { keys, rejection } = keysOf(secret);
  return { environments, secret, right: proof(keys), rejection };
}

function authenticationOf(
  deps: SignedDeps,
  pipeline: StoredPipeline,
  trials: readonly Trial[],
): ForgeAuthentication {
  const right = trials.filter((trial) => trial.right);
  if (right.length > 0) {
    return { ok: true, pipeline, environments: right.flatMap(({ environments }) => environments) };
  }
  const unread = trials.find(({ cause }) => cause !== undefined);
  if (unread) return { ok: false, rejection: 'unavailable', cause: unread.cause };
  const reasons = trials.map(({ rejection }) => rejection);
  const reason = reasons.includes('wrong-signature') ? 'wrong-signature' : reasons.find(isAboutKeys);
  return unproven(deps, reason ?? reasons[0] ?? 'wrong-provider');
}

function isAboutKeys(rejection: Rejection): boolean {
  return rejection !== 'secret-missing';
}

/** Blanks and line ends around them are dropped, as with the other keys of these Secrets. */
function keysOf(secret: SignerSecret | undefined): { keys: Uint8Array[]; rejection: Rejection } {
  const values = [WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS].flatMap((name) => {
    const value = secret?.values.get(name);
    return value ? [ENCODER.encode(DECODER.decode(value).trim())] : [];
  });
  const keys = values.filter((key) => keyFault(key) === undefined);
  if (keys.length > 0) return { keys, rejection: 'wrong-signature' };
  return { keys, rejection: values[0] ? (keyFault(values[0]) ?? 'wrong-signature') : 'secret-missing' };
}
