import { afterEach, describe, expect, test } from 'bun:test';
import { busy } from '../../../src/lib/kube/client/request-queue.ts';
import { createConnection } from '../../../src/observe/clusters/connection.ts';
import { withinTime } from '../../../src/observe/clusters/reading-time.ts';
import { applicationAt } from '../../fakes/application.ts';
import { failureOf } from '../../fakes/failure.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { NOW, spec } from '../../fakes/pipeline.ts';
import { createFakeSchedule, type FakeSchedule } from '../../fakes/schedule.ts';

const ended: (() => void)[] = [];
afterEach(() => {
  for (const end of ended.splice(0)) end();
});

const OBJECT = applicationAt('1.0.0');

function connect(answer: (what: 'probe' | 'read') => Promise<unknown>) {
  const heard: string[] = [];
  const clock = createFakeSchedule();
  const connection = createConnection({
    log: createFakeLog().log,
    now: () => NOW,
    clock,
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
  const read = () => connection.read(spec().appRef, 'dev');
  return { heard, read, away: connection.outage, pass: clock.pass };
}

describe('a cluster that there was no room to ask', () => {
  test('is not taken for one that is away, and who wanted to read it hears when there is room', async () => {
    let isFull = true;
    const { heard, read, away, pass } = connect(async () => {
      if (isFull) throw busy(3000);
    });
    expect(await failureOf(read())).toMatchObject({ code: 'ApiBusy' });
    expect([away(), heard]).toEqual([undefined, []]);
    isFull = false;
    expect(await read()).toBe(OBJECT);
    await pass(0.999);
    expect(heard).toEqual([]);
    await pass(0.001);
    expect(heard).toEqual(['changed']);
  });
});

describe('the time that a cluster has for a read', () => {
  const never = () => new Promise<unknown>(() => {});

  /** How a read fails, and after how many milliseconds. */
  async function endOf({ now }: FakeSchedule, reading: Promise<unknown>) {
    const { code } = await failureOf(reading);
    return { code, at: now() };
  }

  test('is longer by what the read waits for room of ours', async () => {
    const clock = createFakeSchedule();
    const waited = () => Math.min(clock.now(), 100);
    const reading = endOf(clock, withinTime(200, waited, never, clock));
    await clock.pass(1);
    expect(await reading).toEqual({ code: 'ApiUnavailable', at: 300 });
  });

  test('is not up as long as there is no room of ours, which is reported as that', async () => {
    const clock = createFakeSchedule();
    const reading = endOf(clock, withinTime(100, clock.now, never, clock));
    await clock.pass(1);
    expect(await reading).toEqual({ code: 'ApiBusy', at: 200 });
  });

  test('is its own where nothing waits', async () => {
    const clock = createFakeSchedule();
    const reading = endOf(
      clock,
      withinTime(50, () => 0, never, clock),
    );
    await clock.pass(1);
    expect(await reading).toEqual({ code: 'ApiUnavailable', at: 50 });
    const read = async () => 'object';
    expect(await withinTime(50, () => 0, read, clock)).toBe('object');
    expect(clock.pending()).toBe(0);
  });
});
