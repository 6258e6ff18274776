import { describe, expect, test } from 'bun:test';
import { untilAborted } from '../../../../src/lib/async/abort.ts';
import { createDeadline } from '../../../../src/lib/async/deadline.ts';
import { createFakeSchedule } from '../../../fakes/schedule.ts';

const NEVER = new Promise<never>(() => undefined);

describe('what is waited for until a signal is aborted', () => {
  test('ends with the reason though it never settles', async () => {
    const controller = new AbortController();
    const waiting = untilAborted(NEVER, controller.signal);
    controller.abort(new Error('time is up'));
    await expect(waiting).rejects.toThrow('time is up');
  });

  test('is not waited for at all when the signal is aborted already', async () => {
    await expect(untilAborted(NEVER, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
  });

  test('keeps its own outcome', async () => {
    const { signal } = new AbortController();
    expect(await untilAborted(Promise.resolve(1), signal)).toBe(1);
    await expect(untilAborted(Promise.reject(new Error('its own')), signal)).rejects.toThrow('its own');
    expect(await untilAborted(Promise.resolve(2), undefined)).toBe(2);
  });
});

describe('a deadline', () => {
  test('ends an exchange that neither answers nor fails when it is aborted', async () => {
    const { schedule, pass, pending } = createFakeSchedule();
    const deadline = createDeadline({ timeoutMs: 60_000, idleMs: 500, schedule });
    const raced = deadline.race(NEVER).catch((error: Error) => error.message);
    await pass(0.4);
    deadline.progress();
    await pass(0.499);
    expect(deadline.signal.aborted).toBe(false);
    await pass(0.001);
    expect(await raced).toBe('it gave no answer within 0.5 s.');
    deadline.progress();
    expect(deadline.signal.aborted).toBe(true);
    deadline.clear();
    expect(pending()).toBe(0);
  });

  test('says whether time was up, and not so when the caller gave up before', async () => {
    const controller = new AbortController();
    const { schedule, pass } = createFakeSchedule();
    const signals = [undefined, controller.signal];
    const late = createDeadline({ timeoutMs: 1, idleMs: 1, signals, schedule });
    await pass(1);
    controller.abort();
    expect([late.signal.aborted, late.expired()]).toEqual([true, true]);
    const givenUp = createDeadline({ timeoutMs: 1, signals, schedule });
    await pass(1);
    expect([givenUp.signal.aborted, givenUp.expired()]).toEqual([true, false]);
    for (const one of [late, givenUp]) one.clear();
  });

  test("hands on the reason of the caller's signal", () => {
    const controller = new AbortController();
    const deadline = createDeadline({ timeoutMs: 60_000, signals: [undefined, controller.signal] });
    controller.abort(new Error('the process ends'));
    expect(deadline.signal.reason).toMatchObject({ message: 'the process ends' });
    deadline.clear();
  });

  test('has no end of its own when it is given none, and none once it is cleared', async () => {
    const { schedule, pass, pending } = createFakeSchedule();
    const endless = createDeadline({ schedule });
    const cleared = createDeadline({ timeoutMs: 2, idleMs: 1, schedule });
    cleared.clear();
    expect(pending()).toBe(0);
    await pass(3600);
    expect([endless.signal.aborted, cleared.signal.aborted]).toEqual([false, false]);
  });
});
