import { beforeEach, describe, expect, test } from 'bun:test';
import { hasCode } from '../../../src/lib/errors.ts';
import type { Forge } from '../../../src/lib/forges/port.ts';
import { createSharedLimits, type SharedLimits } from '../../../src/lib/forges/shared-limits.ts';
import { startBrokenServer } from '../../fakes/broken-server.ts';
import { failureOf } from '../../fakes/failure.ts';
import { noWaits } from '../../fakes/forge-deps.ts';
import { hastyOutbound, loopbackOutbound } from '../../fakes/outbound.ts';
import { INPUT, mergeOptions, openPull } from '../pulls.ts';
import { type ForgeOptions, forgeStage } from '../stage.ts';

const stage = forgeStage('github');
const { calls } = stage;

let shared: SharedLimits;
let slept: number[];
let passed: number;
const now = () => new Date(Date.now() + passed);
beforeEach(() => {
  slept = [];
  passed = 0;
  const waits = noWaits();
  const sleep = (ms: number) => {
    slept.push(Math.round(ms));
    return waits.sleep(ms);
  };
  shared = createSharedLimits(now, { ...waits, sleep });
});

/** Each with all that promotions of one process share. */
function forge(options: ForgeOptions = {}): Forge {
  return stage.forge({ now, ...shared, ...options });
}

/** As the reconciler polls pull requests. */
function poll(number = 1) {
  return forge({ priority: 'background' }).get(number);
}

describe("a token's budget", () => {
  test('leaves its last requests to promotions', async () => {
    await forge().create(INPUT);
    stage.host.budget.remaining = 100;
    await poll();

    const failure = await failureOf(poll(2));
    expect(failure).toMatchObject({ code: 'ForgeRateLimited', retry: { afterSeconds: expect.any(Number) } });
    expect(failure.message).toMatch(/limits the rate of requests: the next attempt is in 180[01] s/);
    expect(await forge().get(1)).toMatchObject({ state: 'open' });
    expect(await forge().update(1, { title: 'Newer', body: 'newer' })).toMatchObject({ title: 'Newer' });
    expect(calls()).toEqual(['create 201', 'get 200', 'get 304', 'update 200']);

    passed = 1_802_000;
    expect(await poll()).toMatchObject({ title: 'Newer' });
  });

  test('is reported with each request', async () => {
    await forge().create(INPUT);

    expect(stage.seen()).toMatchObject([{ host: new URL(stage.host.origin).host, remaining: 4999 }]);
  });

  test('is for one token alone', async () => {
    stage.host.tokens.add('ghp_other');
    stage.host.budget.remaining = 50;
    await forge().create(INPUT);
    stage.host.budget.remaining = 5000;

    expect(await failureOf(poll())).toMatchObject({ code: 'ForgeRateLimited' });
    expect(await forge({ priority: 'background', token: 'ghp_other' }).get(1)).toMatchObject({
      state: 'open',
    });
  });

  test('is not used up by polls whose entity tags change with every push to the repository', async () => {
    await forge().create(INPUT);
    stage.host.isBusy = true;
    // The stand-in's budgets last for half an hour: a quarter of the limit is for promotions.
    stage.host.budget.remaining = 1_260;
    let polled = 0;
    while (polled < 100) {
      const isHeld = await poll().then(
        () => false,
        (error) => hasCode(error, 'ForgeRateLimited'),
      );
      if (isHeld) break;
      polled += 1;
    }

    expect(polled).toBeGreaterThan(5);
    expect(polled).toBeLessThan(20);
    expect(await forge().update(1, { title: 'Newer', body: 'newer' })).toMatchObject({ title: 'Newer' });
    expect(calls().filter((code) => code === 'get 200')).toHaveLength(polled);
    passed = 30_000;
    expect(await poll()).toMatchObject({ title: 'Newer' });
  });

  test('of REST that is low is not made whole by an answer of GraphQL, which has one of its own', async () => {
    const pull = await openPull(forge(), INPUT);
    stage.host.budget.remaining = 20;
    await poll();
    await forge().merge(pull, pull.headCommit ?? '', mergeOptions());

    expect(await failureOf(poll(2))).toMatchObject({ code: 'ForgeRateLimited' });
  });

  test('of GraphQL that is spent does not hold the requests of REST', async () => {
    const pull = await openPull(forge(), INPUT);
    const merge = () => forge().merge(pull, pull.headCommit ?? '', mergeOptions());
    const headers = { 'x-ratelimit-remaining': '0' };
    stage.host.fail({ status: 403, headers, body: { message: 'API rate limit exceeded' } });
    await failureOf(merge());

    expect(await failureOf(merge())).toMatchObject({ code: 'ForgeRateLimited' });
    expect(await poll()).toMatchObject({ number: 1 });
    expect(calls()).toEqual(['create 201', 'merge 403', 'get 200']);
  });

  test('does not matter to a secondary limit, which is for all requests', async () => {
    const pull = await openPull(forge(), INPUT);
    const errors = [{ message: 'You have exceeded a secondary rate limit.', path: ['repository'] }];
    stage.host.fail({ status: 200, body: { data: null, errors } });
    const refused = await failureOf(forge().merge(pull, pull.headCommit ?? '', mergeOptions()));

    expect(refused).toMatchObject({ code: 'ForgeRateLimited', retry: { afterSeconds: 60 } });
    expect(await failureOf(poll())).toMatchObject({ code: 'ForgeRateLimited' });
  });

  test('does not matter to a refusal that names a check of people', async () => {
    const pull = await openPull(forge(), INPUT);
    const errors = [{ type: 'UNPROCESSABLE', message: 'Required status check "rate limit" is expected.' }];
    stage.host.fail({ status: 200, body: { data: null, errors } });
    const outcome = await forge().merge(pull, pull.headCommit ?? '', mergeOptions());

    expect(outcome).toMatchObject({ reason: expect.stringContaining('status check "rate limit"') });
    expect(await poll()).toMatchObject({ number: 1 });
  });

  test('is waited for where content is created too fast', async () => {
    const errors = [{ resource: 'PullRequest', code: 'custom', message: 'was submitted too quickly' }];
    stage.host.fail({ status: 422, body: { message: 'Validation Failed', errors } });

    expect(await failureOf(forge().create(INPUT))).toMatchObject({
      code: 'ForgeRateLimited',
      retry: { afterSeconds: 60 },
    });
  });

  test('is not used up by requests that follow each other faster than GitHub likes', async () => {
    await forge().create(INPUT);
    const update = (title: string) => forge().update(1, { title, body: 'text' });
    await Promise.all([update('a'), update('b'), poll()]);

    expect(slept).toEqual([1000, 1000]);
  });

  test('is not asked for by those that wait behind one that was limited', async () => {
    await forge().create(INPUT);
    stage.host.fail({ status: 429, headers: { 'retry-after': '60' }, body: { message: 'Slow down' } });
    const all = Array.from({ length: 20 }, () => failureOf(forge().find(INPUT.head, 'main')));
    stage.host.meanwhile(() => {
      for (let count = 0; count < 7; count++)
        stage.host.fail({ status: 429, body: { message: 'Slow down' } });
    });

    expect((await Promise.all(all)).map(({ code }) => code)).toEqual(Array(20).fill('ForgeRateLimited'));
    expect(stage.host.requests.length).toBe(1 + 8);
  });
});

describe('a poll', () => {
  test('of what has not changed costs nothing of the budget, and gives what was seen', async () => {
    const created = await forge().create(INPUT);
    const first = await poll();
    const { remaining } = stage.host.budget;
    const second = await poll();

    expect(first).toEqual(created === 'exists' ? undefined : created);
    expect(second).toEqual(first);
    expect(stage.host.budget.remaining).toBe(remaining);
    expect(calls()).toEqual(['create 201', 'get 200', 'get 304']);
  });

  test('sees every change', async () => {
    await forge().create(INPUT);
    await poll();
    await forge().update(1, { title: 'Newer', body: 'newer' });
    expect(await poll()).toMatchObject({ title: 'Newer' });
    stage.host.merge(1);
    expect(await poll()).toMatchObject({ state: 'merged' });
    expect(await poll()).toMatchObject({ state: 'merged' });

    expect(calls()).toEqual(['create 201', 'get 200', 'update 200', 'get 200', 'get 200', 'get 200']);
  });

  test('with another token is answered anew', async () => {
    stage.host.tokens.add('ghp_other');
    await forge().create(INPUT);
    await poll();
    await forge({ token: 'ghp_other' }).get(1);

    expect(calls()).toEqual(['create 201', 'get 200', 'get 200']);
  });

  test('is answered from memory for a known pull request alone', async () => {
    await forge().create(INPUT);
    await poll();
    stage.host.fail({ status: 500, body: 'oops' });

    expect(await failureOf(poll())).toMatchObject({ code: 'ForgeUnavailable' });
    stage.host.fail({ status: 304, body: '' });
    expect(await failureOf(poll(2))).toMatchObject({ code: 'ForgeNotFound' });
  });

  test('of a pull request with a long text is not remembered', async () => {
    await forge().create({ ...INPUT, body: 'x'.repeat(20_000) });
    await poll();
    await poll();

    expect(calls()).toEqual(['create 201', 'get 200', 'get 200']);
  });
});

describe('a forge that fails', () => {
  const failing = (count: number) => {
    for (let index = 0; index < count; index++) stage.host.fail({ status: 502, body: '<html>' });
  };

  test('is left alone for one repository, and is asked by one request when the time has passed', async () => {
    failing(5);
    for (let count = 0; count < 5; count++) await failureOf(forge().create(INPUT));
    const refused = await failureOf(forge().create(INPUT));

    expect(refused).toMatchObject({ code: 'ForgeUnavailable', retry: { afterSeconds: 5 } });
    expect(refused.message).toMatch(
      /^GitHub at 127\.0\.0\.1:\d+ has failed 5 times in a row for acme\/fleet since 20[^ ]+Z: the next attempt is in 5 s\.$/,
    );
    expect(stage.host.requests).toHaveLength(5);
    passed = 5_000;
    expect(await forge().create(INPUT)).toMatchObject({ number: 1 });
    expect(await poll()).toMatchObject({ number: 1 });
  });

  test('is asked for other repositories of the same host, and with other tokens', async () => {
    failing(5);
    for (let count = 0; count < 5; count++) await failureOf(poll());

    const other = forge({ url: `${stage.host.origin}/acme/other` });
    expect(await failureOf(other.create(INPUT))).toMatchObject({ code: 'ForgeNotFound' });
    expect(await failureOf(forge({ token: 'ghp_other' }).get(1))).toMatchObject({
      code: 'ForgeUnauthorized',
    });
    expect(await failureOf(poll())).toMatchObject({ retry: { afterSeconds: 5 } });
  });

  test('is not one that refuses', async () => {
    for (let count = 0; count < 8; count++) {
      const failure = await failureOf(forge().create({ ...INPUT, base: 'nowhere' }));
      expect(failure).toMatchObject({ code: 'ForgeRefused' });
    }
  });

  test('is one that gives no answer, but not one that is not waited for', async () => {
    const server = await startBrokenServer('silence');
    const url = `${server.origin}/acme/fleet`;
    const stopping = new AbortController();
    const stopped = Array.from({ length: 6 }, () => forge({ url, signal: stopping.signal }).get(1));
    const settled = Promise.allSettled(stopped);
    stopping.abort(new Error('the program stops'));
    expect((await settled).map(({ status }) => status)).toEqual(Array(6).fill('rejected'));

    const outbound = hastyOutbound(loopbackOutbound(), 20);
    const reported: string[] = [];
    for (let count = 0; count < 6; count++) {
      reported.push((await failureOf(forge({ url, outbound }).get(1))).message);
    }
    server.stop();

    expect(reported.map((message) => message.includes('in a row'))).toEqual([...Array(5).fill(false), true]);
  });
});
