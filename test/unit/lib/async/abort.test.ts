import { describe, expect, test } from 'bun:test';
import { untilAborted } from '../../../../src/lib/async/abort.ts';
import { createDeadline } from '../../../../src/lib/async/deadline.ts';

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
    const deadline = createDeadline({ timeoutMs: 60_000, idleMs: 1 });
    await expect(deadline.race(NEVER)).rejects.toThrow('it gave no answer within 0.001 s.');
    await Bun.sleep(5);
    deadline.progress();
    expect(deadline.signal.aborted).toBe(true);
    deadline.clear();
  });

  test('says whether time was up, and not so when the caller gave up before', async () => {
    const controller = new AbortController();
    const late = createDeadline({ timeoutMs: 1, idleMs: 1, signals: [undefined, controller.signal] });
    await Bun.sleep(5);
    controller.abort();
    expect([late.signal.aborted, late.expired()]).toEqual([true, true]);
    const givenUp = createDeadline({ timeoutMs: 1, signals: [controller.signal] });
    await Bun.sleep(5);
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
    const endless = createDeadline({});
    const cleared = createDeadline({ timeoutMs: 2, idleMs: 1 });
    cleared.clear();
    await Bun.sleep(5);
    expect([endless.signal.aborted, cleared.signal.aborted]).toEqual([false, false]);
  });
});
