import { MIN_KEY_BYTES, WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS } from '../../api/group.ts';
import { type ForgeType, pipelineKey, type StoredPipeline } from '../../api/pipeline.ts';
import { type ForgeSecret, forgeSecrets } from '../../decide/route.ts';
import { type Refusal, refuse, type Secret, type SignedDeps } from '../authenticate.ts';
import type { MissingProof, Proof } from './proof.ts';

export interface ForgeRequest {
  readonly forge: ForgeType;
  readonly namespace: string;
  readonly name: string;
  readonly proof: Proof | MissingProof;
}

export type ForgeAuthentication =
  | {
      readonly ok: true;
      readonly pipeline: StoredPipeline;
      /** Those that the promotions with a Secret that matched lead into. */
      readonly environments: readonly string[];
    }
  | Refusal;

/** A Secret of the Pipeline, and whether the sender knows it. */
interface Trial {
  readonly environments: readonly string[];
  readonly secret?: Secret | undefined;
  readonly keys: number;
  readonly right: boolean;
  readonly cause?: unknown;
}

/** So many Secrets of one Pipeline are tried, for each costs a stranger's request a signature of its body. */
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
  { forge, namespace, name, proof }: ForgeRequest,
): Promise<ForgeAuthentication> {
  const pipeline = deps.find(pipelineKey(namespace, name));
  const secrets = pipeline?.spec.ok ? forgeSecrets(pipeline.spec.value, forge).slice(0, MAX_SECRETS) : [];
  if (typeof proof === 'string') return refuse(deps, proof);
  if (!pipeline || secrets.length === 0) {
    proof([]);
    return refuse(deps, pipeline ? 'wrong-provider' : 'unknown-pipeline');
  }
  const attempt = { namespace, proof, secrets };
  const known = await tryAll(deps, attempt);
  const isKnown = known.some(({ right }) => right);
  return verdict(deps, pipeline, isKnown ? known : await tryAll(deps, attempt, known));
}

interface Attempt {
  readonly namespace: string;
  readonly proof: Proof;
  readonly secrets: readonly ForgeSecret[];
}

/** One that cannot be read keeps no other from being right. With what is known from before, it reads once more. */
async function tryAll(
  deps: SignedDeps,
  { namespace, proof, secrets }: Attempt,
  known?: readonly Trial[],
): Promise<Trial[]> {
  const trials = secrets.map(async (secret, index) => {
    const read = await deps.readSecret(namespace, secret.name, { fresh: known !== undefined });
    return tried(proof, secret, read, known?.[index]);
  });
  const settled = await Promise.allSettled(trials);
  return settled.map((result) => (result.status === 'fulfilled' ? result.value : failed(result.reason)));
}

/** The second time, a Secret that has not changed is not tried again. */
function tried(
  proof: Proof,
  { environments }: ForgeSecret,
  secret: Secret | undefined,
  before: Trial | undefined,
): Trial {
  if (before && before.cause === undefined && before.secret === secret) return before;
  const keys = keysOf(secret);
  return { environments, secret, keys: keys.length, right: proof(keys) };
}

function failed(cause: unknown): Trial {
  return { environments: [], keys: 0, right: false, cause };
}

function verdict(deps: SignedDeps, pipeline: StoredPipeline, trials: readonly Trial[]): ForgeAuthentication {
  const right = trials.filter((trial) => trial.right);
  if (right.length > 0) {
    return { ok: true, pipeline, environments: right.flatMap(({ environments }) => environments) };
  }
  const unread = trials.find(({ cause }) => cause !== undefined);
  if (unread) return { ok: false, rejection: 'unavailable', cause: unread.cause };
  return refuse(deps, trials.some(({ keys }) => keys > 0) ? 'wrong-signature' : 'secret-missing');
}

/** Blanks and line ends around them are dropped, as with the other keys of these Secrets. */
function keysOf(secret: Secret | undefined): Uint8Array[] {
  return [WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS].flatMap((name) => {
    const value = secret?.values.get(name);
    const key = value && ENCODER.encode(DECODER.decode(value).trim());
    return key && key.length >= MIN_KEY_BYTES ? [key] : [];
  });
}
