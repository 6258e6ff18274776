import { describe, expect, test } from 'bun:test';
import type { KubeClient } from '../../../src/lib/kube/client/transport.ts';
import { createFollow } from '../../../src/observe/applications/follow.ts';
import { createWatchBudgets } from '../../../src/observe/applications/watch-budget.ts';
import { createApplicationCache } from '../../../src/observe/applications/watch-cache.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { waitUntil } from '../../lab/wait.ts';

function setUp(max: number) {
  const budgets = createWatchBudgets(max);
  const held: string[] = [];
  /** `namespace/connection`, or `own`. */
  const take = (who: string) => {
    const [namespace = '', host = ''] = who.split('/');
    const budget = who === 'own' ? budgets.own : budgets.of({ namespace, host });
    const lose = () => void held.splice(held.lastIndexOf(who), 1);
    const giveBack = budget.take(lose);
    if (giveBack) held.push(who);
    return giveBack;
  };
  const takeMany = (who: string, count: number) => {
    for (let index = 0; index < count; index += 1) take(who);
  };
  const count = (start: string) => held.filter((who) => who.startsWith(start)).length;
  return { take, takeMany, count, held };
}

describe('the room for watches', () => {
  test('is had by one namespace alone as long as no other wants it', () => {
    const { takeMany, count } = setUp(10);
    takeMany('red/1', 20);
    expect(count('red')).toBe(10);
  });

  test('goes to namespaces with fewer watches, until all have as many', () => {
    const { takeMany, count, take } = setUp(10);
    takeMany('red/1', 10);
    takeMany('blue/1', 10);
    expect([count('red'), count('blue')]).toEqual([5, 5]);
    takeMany('green/1', 10);
    expect([count('red'), count('blue'), count('green')].sort()).toEqual([3, 3, 4]);
    expect(take('green/1')).toBeUndefined();
  });

  test('goes to and fro between nobody', () => {
    const { takeMany, take } = setUp(5);
    takeMany('red/1', 5);
    takeMany('blue/1', 5);
    expect([take('red/1'), take('blue/1')]).toEqual([undefined, undefined]);
  });

  test('goes to connections with fewer watches within a namespace', () => {
    const { takeMany, count } = setUp(10);
    takeMany('red/1', 8);
    takeMany('red/2', 1);
    takeMany('blue/1', 1);
    takeMany('red/3', 2);
    expect([count('red/1'), count('red/2'), count('red/3'), count('blue')]).toEqual([6, 1, 2, 1]);
  });

  test('of our own cluster is kept, whatever others want', () => {
    const { takeMany, count } = setUp(60);
    for (let index = 0; index < 60; index += 1) takeMany(`n${index}/1`, 1);
    takeMany('own', 50);
    // Forty are its own, and of the others each namespace has one still.
    expect([count('own'), count('n')]).toEqual([40, 20]);
    takeMany('red/1', 5);
    expect([count('own'), count('n'), count('red')]).toEqual([40, 20, 0]);
  });

  test('is returned once, by its last holder', () => {
    const { take, takeMany, count } = setUp(2);
    const first = take('red/1');
    const second = take('red/1');
    takeMany('blue/1', 1);
    second?.();
    second?.();
    expect(count('')).toBe(2);
    expect(take('red/1')).toBeUndefined();
    first?.();
    expect(take('red/1')).toBeDefined();
  });
});

describe('a watch whose room goes to another one', () => {
  test('ends, and says that there is no room', async () => {
    let open = 0;
    const client: KubeClient = {
      request: async () => ({ metadata: { resourceVersion: '1' }, items: [] }),
      async stream({ signal }) {
        open += 1;
        return new ReadableStream({
          start: (controller) => signal.addEventListener('abort', () => controller.error(signal.reason)),
          cancel() {
            open -= 1;
          },
        });
      },
      available: () => true,
      config: { server: 'https://leaf', namespace: 'default' },
      close: () => {},
    };
    const { log } = createFakeLog();
    const resource = { apiVersion: 'helm.toolkit.fluxcd.io/v2', plural: 'helmreleases' };
    const budgets = createWatchBudgets(2);
    const { cache, parse } = createApplicationCache({
      apiVersion: resource.apiVersion,
      kind: 'HelmRelease',
      isWanted: () => true,
      pathsOf: () => [],
      revisionPath: undefined,
      onListed: () => {},
      onChange: () => {},
      log,
    });
    const follow = createFollow(client, {
      apiVersion: resource.apiVersion,
      kind: 'HelmRelease',
      namespace: 'dev',
      discovery: { resource: async () => resource, forget: () => {} },
      budget: budgets.of({ namespace: 'red', host: '1' }),
      cache,
      parse,
      recheckMs: 60_000,
      log,
      signal: new AbortController().signal,
    });
    const following = [follow(), follow()].map((one) => one.catch((error: unknown) => String(error)));
    await waitUntil('both watches', () => open === 2, { seconds: 5 });
    expect(budgets.of({ namespace: 'blue', host: '1' }).take(() => {})).toBeDefined();
    expect(await Promise.race(following)).toContain('no room for more');
    expect(open).toBe(1);
  });
});
