import { expect, test } from 'bun:test';
import { createFakeLog } from '../../fakes/log.ts';

test('a scope gives its fields to all lines of the work, and to no others', async () => {
  const { log, lines } = createFakeLog();
  const child = log.child({ part: 'forge' });
  const work = (id: number) =>
    log.scope({ reconcileID: id, namespace: 'apps' }, async () => {
      log.info({}, 'begun');
      await Promise.resolve();
      child.warn({ namespace: 'other' }, 'asked');
    });
  await Promise.all([work(1), work(2)]);
  log.info({}, 'ended');
  const parsed = lines.map((line) => JSON.parse(line));
  expect(parsed.map(({ msg, reconcileID, namespace }) => [msg, reconcileID, namespace])).toEqual([
    ['begun', 1, 'apps'],
    ['begun', 2, 'apps'],
    ['asked', 1, 'other'],
    ['asked', 2, 'other'],
    ['ended', undefined, undefined],
  ]);
  expect(lines[2]?.match(/"namespace"/g)).toHaveLength(1);
});

test.each([
  ['ends', async () => undefined],
  ['fails', async () => Promise.reject(new Error('broken'))],
])('a scope ends with the work that %s, also for what the work has begun and goes on', async (_, end) => {
  const { log, lines } = createFakeLog();
  const ended = Promise.withResolvers<void>();
  let watching = Promise.resolve();
  const work = log.scope({ reconcileID: 1 }, async () => {
    watching = ended.promise.then(() => log.warn({}, 'watch interrupted'));
    await end();
  });
  await work.catch(() => undefined);
  ended.resolve();
  await watching;
  expect(JSON.parse(lines[0] ?? '')).not.toHaveProperty('reconcileID');
});
