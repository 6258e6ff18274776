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
  /** The Secret is not in memory. */
  readonly isUnread?: boolean;
  readonly cost?: number;
}

/** Checks a request that the Secret of version 2 proves right, on a clock that only signatures move. */
async function check(options: Options = {}) {
  const { known = '1', now = known, isBusy = false, isUnread = false, cost = 1 } = options;
  let milliseconds = BEGAN;
  const refusedAt: number[] = [];
  const due = async (since: number) => void refusedAt.push(since);
  const callers: boolean[] = [];
  let withdrawn = 0;
  const withdraw = () => {
    withdrawn += 1;
  };
  const deps: SignedDeps = {
    find: () => undefined,
    readSecret(_namespace, _name, read) {
      const secret = { values: new Map(), version: read?.fresh ? now : known };
      return isUnread ? Promise.resolve(secret) : secret;
    },
    rechecks: {
      now: () => milliseconds,
      open({ isReading }, refresh): Recheck<readonly SecretRead[]> {
        callers.push(isReading);
        if (isBusy) return { kind: 'busy', due };
        return { kind: 'running', read: Promise.resolve(refresh?.()), due, withdraw };
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
  return { result, refusedAt, callers, withdrawn };
}

describe('a request that a Secret proves right', () => {
  test('is answered at once, as the Secret is known and as it was changed a moment ago', async () => {
    for (const options of [{ known: '2' }, { now: '2' }]) {
      expect(await check(options)).toMatchObject({ result: 'right', refusedAt: [] });
    }
  });
});

describe('a second check', () => {
  test('is not needed after all by a request that is right once its Secret has been read', async () => {
    const { result, withdrawn, refusedAt } = await check({ known: '2', isUnread: true });
    expect([result, withdrawn, refusedAt]).toEqual(['right', 1, []]);
  });

  test('is told whether a Secret is being read for the first time', async () => {
    expect([(await check({ isUnread: true })).callers, (await check()).callers]).toEqual([[true], [false]]);
  });
});

describe('a request that no Secret proves right', () => {
  test('is refused as late as if its signature had been checked at once', async () => {
    expect(await check()).toMatchObject({ result: 'wrong', refusedAt: [BEGAN + MS] });
  });

  test('is refused as late as with the most Secrets that there can be', async () => {
    expect(await check({ cost: 5 })).toMatchObject({ result: 'wrong', refusedAt: [BEGAN + 5 * MS] });
  });

  test('is put off as late as it would be refused where too many are checked', async () => {
    expect(await check({ isBusy: true })).toMatchObject({ result: 'busy', refusedAt: [BEGAN + MS] });
  });
});
