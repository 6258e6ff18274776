import { describe, expect, test } from 'bun:test';
import { createSlots } from '../../../../src/lib/async/slots.ts';
import { settled } from '../../../fakes/schedule.ts';

const FOREVER = new AbortController().signal;

describe('slots', () => {
  test('give none to a caller that gave up in the same moment', async () => {
    const slots = createSlots(1);
    const giveBack = await slots.take(FOREVER);
    const gone = new AbortController();
    const waiting = slots.take(gone.signal);
    gone.abort(new Error('not any more'));
    giveBack();
    await expect(waiting).rejects.toThrow('not any more');
    expect(await Promise.race([slots.take(FOREVER).then(() => 'taken'), settled().then(() => 'lost')])).toBe(
      'taken',
    );
  });

  test('have what was given to one who gives up a moment later', async () => {
    const slots = createSlots(1);
    const giveBack = await slots.take(FOREVER);
    const gone = new AbortController();
    const waiting = slots.take(gone.signal);
    giveBack();
    gone.abort();
    (await waiting)();
    expect(await slots.take(FOREVER)).toBeFunction();
  });
});
