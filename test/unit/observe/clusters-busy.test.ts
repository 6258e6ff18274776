import { afterEach, describe, expect, test } from 'bun:test';
import { busy } from '../../../src/lib/kube/client/request-queue.ts';
import { createConnection } from '../../../src/observe/clusters/connection.ts';
import { withinTime } from '../../../src/observe/clusters/reading-time.ts';
import { applicationAt } from '../../fakes/application.ts';
import { failureOf } from '../../fakes/failure.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { NOW, spec } from '../../fakes/pipeline.ts';
import { waitUntil } from '../../lab/wait.ts';

const ended: (() => void)[] = [];
afterEach(() => {
  for (const end of ended.splice(0)) end();
});

const OBJECT = applicationAt('1.0.0');

function connect(answer: (what: 'probe' | 'read') => Promise<unknown>) {
  const heard: string[] = [];
  const connection = createConnection({
    log: createFakeLog().log,
    now: () => NOW,
    applications: {
      client: {
        request: () => answer('probe'),
        stream: () => Promise.reject(new Error('nothing is watched')),
        available: () => true,
        config: { server: 'https://leaf', namespace: 'default' },
        close: () => {},
      },
      read: async () => {
        await answer('read');
        return OBJECT;
      },
      setInterest: () => {},
      subscribe: () => () => {},
      close: () => {},
    },
  });
  connection.subscribe({
    changed: () => heard.push('changed'),
    failed: () => heard.push('failed'),
    application: () => {},
  });
  ended.push(connection.close);
  return { heard, read: () => connection.read(spec().appRef, 'dev'), away: connection.outage };
}

describe('a cluster that there was no room to ask', () => {
  test('is not taken for one that is away, and who wanted to read it hears when there is room', async () => {
    let isFull = true;
    const { heard, read, away } = connect(async () => {
      if (isFull) throw busy(3000);
    });
    expect(await failureOf(read())).toMatchObject({ code: 'ApiBusy' });
    expect([away(), heard]).toEqual([undefined, []]);
    isFull = false;
    expect(await read()).toBe(OBJECT);
    await waitUntil('the Pipelines to hear of it', () => heard.length > 0, { seconds: 5 });
    expect(heard).toEqual(['changed']);
  });
});

describe('the time that a cluster has for a read', () => {
  const never = () => new Promise<unknown>(() => {});

  test('is longer by what the read waits for room of ours', async () => {
    const started = performance.now();
    const waited = () => Math.min(performance.now() - started, 100);
    const error = await failureOf(withinTime(200, waited, never));
    expect(error).toMatchObject({ code: 'ApiUnavailable' });
    expect(performance.now() - started).toBeGreaterThan(290);
  });

  test('is not up as long as there is no room of ours, which is reported as that', async () => {
    const started = performance.now();
    const error = await failureOf(withinTime(100, () => performance.now(), never));
    expect(error).toMatchObject({ code: 'ApiBusy' });
    expect(performance.now() - started).toBeLessThan(1000);
    expect(performance.now() - started).toBeGreaterThan(190);
  });

  test('is its own where nothing waits', async () => {
    expect(await failureOf(withinTime(50, () => 0, never))).toMatchObject({ code: 'ApiUnavailable' });
    expect(
      await withinTime(
        50,
        () => 0,
        async () => 'object',
      ),
    ).toBe('object');
  });
});
