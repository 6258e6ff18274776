import { describe, expect, test } from 'bun:test';
import { checkTwice } from '../../../src/http/signed/check-twice.ts';
import type { Recheck } from '../../../src/http/signed/rechecks.ts';
import type { SecretRead, SignedDeps } from '../../../src/http/signed/secrets.ts';

const BEGAN = 5_000;
/** How many milliseconds a signature takes. */
const MS = 4;

interface Options {
  /** The version of the Secret that is known, and the one that there is now. */
  readonly known?: string;
  readonly now?: string;
  readonly isBusy?: boolean;
  readonly cost?: number;
}

/** Checks a request that the Secret of version 2 proves right, on a clock that only signatures move. */
async function check({ known = '1', now = known, isBusy = false, cost = 1 }: Options = {}) {
  let milliseconds = BEGAN;
  const refusedAt: number[] = [];
  const due = async (since: number) => void refusedAt.push(since);
  const deps: SignedDeps = {
    find: () => undefined,
    readSecret: (_namespace, _name, options) => ({
      values: new Map(),
      version: options?.fresh ? now : known,
    }),
    rechecks: {
      now: () => milliseconds,
      open(_, refresh): Recheck<readonly SecretRead[]> {
        if (isBusy) return { kind: 'busy', due };
        return { kind: 'running', read: Promise.resolve(refresh?.()), due, withdraw: () => undefined };
      },
    },
    available: () => true,
  };
  const result = await checkTwice<string>(deps, {
    path: 'event apps/app/dev',
    source: '10.0.0.1',
    namespace: 'apps',
    secrets: ['hook'],
    attempt([read]) {
      milliseconds += MS;
      return read?.status === 'fulfilled' && read.value?.version === '2' ? 'right' : 'wrong';
    },
    isRight: (result) => result === 'right',
    cost,
  });
  return { result, refusedAt };
}

describe('a request that a Secret proves right', () => {
  test('is answered at once, as the Secret is known and as it was changed a moment ago', async () => {
    for (const options of [{ known: '2' }, { now: '2' }]) {
      expect(await check(options)).toEqual({ result: 'right', refusedAt: [] });
    }
  });
});

describe('a request that no Secret proves right', () => {
  test('is refused as late as if its signature had been checked at once', async () => {
    expect(await check()).toEqual({ result: 'wrong', refusedAt: [BEGAN + MS] });
  });

  test('is refused as late as with the most Secrets that there can be', async () => {
    expect(await check({ cost: 5 })).toEqual({ result: 'wrong', refusedAt: [BEGAN + 5 * MS] });
  });

  test('is put off as late as it would be refused where too many are checked', async () => {
    expect(await check({ isBusy: true })).toEqual({ result: 'busy', refusedAt: [BEGAN + MS] });
  });
});
