import { expect, test } from 'bun:test';
import { isDeepStrictEqual } from 'node:util';
import { type AdmissionApp, admissionApp } from './admission-app.ts';
import { mutateBytes } from './bytes.ts';
import { runCampaign, shorterTexts, timeoutOf } from './campaign.ts';
import { createOracle, type Oracle } from './oracle.ts';
import type { Random } from './random.ts';
import { anySpec, pipelineOf, reviewOf } from './seeds.ts';
import { type Json, mutateTree } from './tree.ts';

const QUICK = 3000;

interface Review {
  readonly request?: {
    readonly uid?: unknown;
    readonly operation?: unknown;
    readonly object?: Reviewed | null;
    readonly oldObject?: Reviewed | null;
  };
}

interface Reviewed {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly spec?: unknown;
}

interface Answer {
  readonly apiVersion: string;
  readonly kind: string;
  readonly response: {
    readonly uid: unknown;
    readonly allowed: unknown;
    readonly warnings?: readonly string[];
    readonly status?: { readonly code: number; readonly message: string };
  };
}

/** Half of them are a good review of a mutated spec, the others are mutated anywhere. */
function mutant(random: Random): Buffer {
  const spec = anySpec(random);
  const changed = random.chance(0.95) ? mutateTree(spec, random) : spec;
  const operation = random.pick(['CREATE', 'CREATE', 'UPDATE', 'DELETE']);
  const object = operation === 'DELETE' ? null : pipelineOf(changed);
  const before = random.chance(0.7) ? spec : mutateTree(spec, random);
  const oldObject = operation === 'CREATE' ? null : pipelineOf(before);
  const review = reviewOf({ operation, dryRun: random.chance(0.2), object, oldObject });
  const kind = random.below(10);
  if (kind < 6) return Buffer.from(JSON.stringify(review));
  if (kind < 8) return Buffer.from(JSON.stringify(mutateTree(review, random)));
  return mutateBytes(JSON.stringify(review), random);
}

function checkAnswer(answer: Answer, review: Review): void {
  const { uid, allowed, warnings = [], status } = answer.response;
  if (answer.kind !== 'AdmissionReview' || answer.apiVersion !== 'admission.k8s.io/v1') {
    throw new Error('the answer is no AdmissionReview');
  }
  if (uid !== review.request?.uid) throw new Error('the uid is not echoed');
  if (typeof allowed !== 'boolean' || allowed === (status !== undefined))
    throw new Error('the answer is unclear');
  if (status && status.code !== 422) throw new Error(`the code is ${status.code}: ${status.message}`);
  if (status && (status.message === '' || status.message.length > 51 * 513))
    throw new Error('the message is no message');
  if (warnings.length > 16 || warnings.some((line) => line.length > 256 || /\p{Cc}/u.test(line))) {
    throw new Error('the warnings are not what the API server takes');
  }
}

/** A spec that holds to the definition never becomes one that does not; deletions always pass. */
function checkAllowed(review: Review, allowed: boolean, oracle: Oracle): void {
  const { operation, object, oldObject } = review.request ?? {};
  if (operation === 'DELETE' && !allowed) throw new Error('a deletion is denied');
  if (operation === 'DELETE') return;
  if (!allowed) {
    const isUnchanged = operation === 'UPDATE' && isDeepStrictEqual(object?.spec, oldObject?.spec);
    if (isUnchanged && isOurs(oldObject)) throw new Error('an update that leaves the spec alone is denied');
    return;
  }
  const refused = oracle.refusesSpec(object?.spec);
  if (refused === undefined) return;
  const wasRefused = operation === 'UPDATE' && oracle.refusesSpec(oldObject?.spec) !== undefined;
  if (!wasRefused) throw new Error(`allowed, though the definition refuses it: ${refused}`);
}

/** Sends a body and returns what became of it. */
async function reviewed({ app, errors }: AdmissionApp, oracle: Oracle, body: Buffer): Promise<string> {
  const response = await app.request('/validate', { method: 'POST', body });
  if (errors.length > 0) throw new Error(`logged as an error: ${errors.splice(0).join('')}`);
  if (response.status === 413 && body.length > 3 * 1024 ** 2) return '413';
  if (response.status === 400) return await checkRefusal(response);
  if (response.status !== 200) throw new Error(`the status is ${response.status}`);
  const review = JSON.parse(new TextDecoder().decode(body)) as Review;
  const answer = (await response.json()) as Answer;
  checkAnswer(answer, review);
  checkAllowed(review, answer.response.allowed === true, oracle);
  if (!answer.response.allowed) return 'denied';
  return answer.response.warnings ? 'allowed with warnings' : 'allowed';
}

async function checkRefusal(response: Response): Promise<string> {
  const { detail } = (await response.json()) as { detail: string };
  if (!detail || detail.length > 5000) throw new Error('the refusal has no sentence, or too much of one');
  return '400';
}

function isOurs(object: Reviewed | null | undefined): boolean {
  const { metadata } = (object ?? {}) as { metadata?: unknown };
  // No object of the API server has a text for its metadata, nor a name that is none.
  const isNamed = metadata === undefined || typeof (metadata as { name?: unknown } | null)?.name === 'string';
  const isPipeline = object?.kind === 'Pipeline';
  const { apiVersion } = object ?? {};
  const isOfGroup = typeof apiVersion === 'string' && apiVersion.startsWith('pipelines.weave.works/');
  return isPipeline && isNamed && isOfGroup;
}

test(
  'the admission webhook answers whatever it is sent, and allows nothing that the definition refuses',
  async () => {
    const [oracle, webhook] = [await createOracle(), admissionApp()];
    const result = await runCampaign({
      name: 'admission reviews',
      quick: QUICK,
      mutant,
      check: (body) => reviewed(webhook, oracle, body),
      show: (body) => body.toString(),
      shrink: shorterReviews,
    });
    expect(result.faults).toEqual([]);
    expect(result.slowestMs).toBeLessThan(5000);
    expect(result.heapGrowth).toBeLessThan(20);
    expect(result.rssGrowth).toBeLessThan(150);
  },
  timeoutOf(QUICK),
);

function* shorterReviews(body: Buffer): Generator<Buffer> {
  for (const smaller of smallerValues(body)) yield Buffer.from(JSON.stringify(smaller));
  for (const text of shorterTexts(body.toString())) yield Buffer.from(text);
}

function* smallerValues(body: Buffer): Generator<Json> {
  let value: Json;
  try {
    value = JSON.parse(body.toString());
  } catch {
    return; // Not JSON: it is shortened as a text.
  }
  yield* withoutParts(value);
}

/** The value without one of its members, at any depth. */
function* withoutParts(value: Json): Generator<Json> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    if (Array.isArray(value)) yield value.toSpliced(Number(key), 1);
    else yield Object.fromEntries(Object.entries(value).filter(([other]) => other !== key));
    for (const smaller of withoutParts(child)) {
      yield Array.isArray(value) ? value.with(Number(key), smaller) : { ...value, [key]: smaller };
    }
  }
}
