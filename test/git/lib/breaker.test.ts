import { describe, expect, test } from 'bun:test';
import { createBreakers } from '../../../src/lib/async/breaker.ts';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import { createConnections } from '../../../src/lib/git/connections.ts';
import type { Outbound } from '../../../src/lib/net/outbound.ts';
import { failureOf } from '../../fakes/failure.ts';

/** Git hosts that fail are left alone for a while. */

const NOBODY: Outbound = {
  send: () => Promise.reject(new Error('nobody asks')),
  dial: () => Promise.reject(new Error('nobody asks')),
};
const HOST = { url: 'https://git.example/team/fleet', credentials: { token: 'secret' } };

function setUp() {
  let at = Date.parse('2026-01-01T00:00:00Z');
  const connected = createConnections({
    outbound: NOBODY,
    breakers: createBreakers(() => new Date(at)),
    closing: new AbortController().signal,
  });
  let tries = 0;
  return {
    pass: (seconds: number) => {
      at += seconds * 1000;
    },
    tries: () => tries,
    fail: (error: Error, to = HOST) =>
      failureOf(
        connected(to, () => {
          tries += 1;
          return Promise.reject(error);
        }),
      ),
    succeed: (to = HOST) => connected(to, async () => 'done'),
  };
}

const away = () => new TurnpikeError('GitUnavailable', 'It gave no answer within 30 s.');

describe('a Git host that fails', () => {
  test('is not asked any more after five failures in a row, and again after some time', async () => {
    const { fail, tries, pass, succeed } = setUp();
    for (let index = 0; index < 5; index += 1) await fail(away());
    const refused = await fail(away());
    expect(tries()).toBe(5);
    expect(refused).toMatchObject({ code: 'GitUnavailable', retry: { afterSeconds: 5 } });
    expect(refused.message).toBe(
      'Git at git.example has failed 5 times in a row with this Secret since 2026-01-01T00:00:00.000Z: the next attempt is in 5 s.',
    );
    pass(5);
    expect(await succeed()).toBe('done');
    await fail(away());
    expect(tries()).toBe(6);
  });

  test('is asked for other Secrets, and other hosts are asked', async () => {
    const { fail, succeed } = setUp();
    for (let index = 0; index < 6; index += 1) await fail(away());
    expect(await succeed({ ...HOST, credentials: { token: 'another' } })).toBe('done');
    expect(await succeed({ ...HOST, url: 'https://other.example/team/fleet' })).toBe('done');
  });

  test('answers where it refuses somebody', async () => {
    const { fail, tries } = setUp();
    const refused = new TurnpikeError('GitUnauthorized', 'no');
    for (let index = 0; index < 4; index += 1) await fail(away());
    await fail(refused);
    for (let index = 0; index < 4; index += 1) await fail(away());
    await fail(away());
    expect(tries()).toBe(10);
  });
});
