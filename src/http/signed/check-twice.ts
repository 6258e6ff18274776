import type { Recheck } from './rechecks.ts';
import type { SecretRead, SignedDeps } from './secrets.ts';

/** A request that Secrets of one namespace may prove right. */
export interface SecretCheck<T> {
  /** The path that is asked for, whether anything is there or not. */
  readonly path: string;
  /** Address of the sender. */
  readonly source: string;
  readonly namespace: string;
  /** The Secrets; none where the Pipeline names none, or is not there. */
  readonly secrets: readonly string[];
  /** Tries the Secrets as they are known, and a second time with what came of the first. */
  readonly attempt: (reads: readonly SecretRead[], first?: T) => T;
  readonly isRight: (result: T) => boolean;
  /** How many times as long an attempt takes with the most Secrets there can be. */
  readonly cost: number;
}

/**
 * Tries the Secrets as they are known, and where none fits, once more as they are now: a key may have been changed a
 * moment ago. Whether there is a second time is decided before anything is waited for, and a refusal comes as late
 * without Secrets as with them.
 */
export async function checkTwice<T>(deps: SignedDeps, check: SecretCheck<T>): Promise<T | 'busy'> {
  const { namespace, secrets, attempt, isRight } = check;
  const began = deps.rechecks.now();
  const reading = secrets.map((name) => deps.readSecret(namespace, name));
  const atHand = allAtHand(reading);
  const pending = atHand ? undefined : Promise.allSettled(reading);
  const early = atHand && timed(deps, () => attempt(atHand));
  if (early && isRight(early.value)) return early.value;
  const caller = { path: check.path, source: check.source, isReading: !atHand };
  const refresh = secrets.length === 0 ? undefined : () => readFresh(deps, namespace, secrets);
  const recheck = deps.rechecks.open(caller, refresh);
  const known = (await pending) ?? [];
  const { value: first, ms } = early ?? timed(deps, () => attempt(known));
  if (isRight(first)) {
    if (recheck.kind === 'running') recheck.withdraw();
    return first;
  }
  const second = await secondAttempt(recheck, first, (reads) => attempt(reads, first));
  if (second === 'busy' || !isRight(second)) await recheck.due(began + ms * check.cost);
  return second;
}

/** The result of the second check, where there is one. */
async function secondAttempt<T>(
  recheck: Recheck<readonly SecretRead[]>,
  first: T,
  again: (reads: readonly SecretRead[]) => T,
): Promise<T | 'busy'> {
  switch (recheck.kind) {
    case 'running':
      return again((await recheck.read) ?? []);
    case 'recent':
      return first;
    case 'busy':
      return 'busy';
  }
}

/** Undefined: one of them is being read. */
function allAtHand(reading: readonly ReturnType<SignedDeps['readSecret']>[]): SecretRead[] | undefined {
  const reads: SecretRead[] = [];
  for (const value of reading) {
    if (value instanceof Promise) return undefined;
    reads.push({ status: 'fulfilled', value });
  }
  return reads;
}

function readFresh(
  deps: SignedDeps,
  namespace: string,
  names: readonly string[],
): Promise<readonly SecretRead[]> {
  return Promise.allSettled(names.map(async (name) => deps.readSecret(namespace, name, { fresh: true })));
}

/** With the milliseconds that it takes. */
function timed<T>({ rechecks }: SignedDeps, run: () => T): { value: T; ms: number } {
  const began = rechecks.now();
  const value = run();
  return { value, ms: rechecks.now() - began };
}
