import { describe, expect, test } from 'bun:test';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import { createOutbox, MAX_WAITING, RETRY_SECONDS } from '../../../src/reconcile/outbox.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { createFakeSchedule, settled } from '../../fakes/schedule.ts';

type Line = Record<string, unknown>;

function setUp() {
  const { log, lines } = createFakeLog();
  const clock = createFakeSchedule();
  const outbox = createOutbox({ log, schedule: clock.schedule });
  const sent: string[] = [];
  /** Fails so many times, and then works. */
  function add(name: string, failures = 0): void {
    let left = failures;
    const send = async () => {
      sent.push(name);
      left -= 1;
      if (left >= 0) throw new Error('it is away');
    };
    outbox.add({ send, fields: { name }, lost: 'it is lost: look whether it runs' });
  }
  const warnings = () =>
    lines.map((line) => JSON.parse(line) as Line).filter(({ level }) => level === 'warn');
  return { ...clock, outbox, add, sent, warnings };
}

/** Sends that end when they are told to, by name. */
function hanging(outbox: ReturnType<typeof createOutbox>) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const add = (name: string) =>
    outbox.add({
      send: (signal) => {
        begun.push(name);
        return new Promise<void>((resolve, reject) => {
          ends.set(name, resolve);
          signal.addEventListener('abort', () => reject(signal.reason));
        });
      },
      fields: { name },
      lost: 'it is lost',
    });
  return { begun, add, end: (name: string) => ends.get(name)?.() };
}

describe('the outbox', () => {
  test('sends at once, and once', async () => {
    const { add, sent, pass, warnings } = setUp();
    add('a');
    add('b');
    expect(sent).toEqual(['a', 'b']);
    await pass(600);
    expect(sent).toEqual(['a', 'b']);
    expect(warnings()).toEqual([]);
  });

  test('tries again what fails, until it is through', async () => {
    const { add, sent, pass, warnings } = setUp();
    add('a', 2);
    await pass(1);
    expect(sent).toEqual(['a']);
    await pass(RETRY_SECONDS[0]);
    expect(sent).toEqual(['a', 'a']);
    await pass(600);
    expect(sent).toEqual(['a', 'a', 'a']);
    expect(warnings()).toEqual([]);
  });

  test('gives up after about two minutes, and says what is lost, why, and what to do', async () => {
    const { add, sent, pass, pending, warnings } = setUp();
    add('a', 100);
    await pass(119);
    expect(warnings()).toEqual([]);
    await pass(2);
    expect(sent).toHaveLength(1 + RETRY_SECONDS.length);
    expect(warnings()).toMatchObject([
      { name: 'a', error: 'it is away', failures: 6, msg: 'it is lost: look whether it runs' },
    ]);
    expect(pending()).toBe(0);
  });

  test('does not try again what is refused for good', async () => {
    const { outbox, pass, warnings } = setUp();
    let attempts = 0;
    const send = async () => {
      attempts += 1;
      throw new TurnpikeError('ApiRefused', 'It is invalid.', { retry: 'never' });
    };
    outbox.add({ send, fields: { name: 'a' }, lost: 'it is lost' });
    await pass(600);
    expect(attempts).toBe(1);
    expect(warnings()).toMatchObject([{ name: 'a', error: 'It is invalid.' }]);
  });

  test('takes an error that is thrown at once for a failure as well', async () => {
    const { outbox, pass, warnings } = setUp();
    const send = () => {
      throw new Error('no address');
    };
    outbox.add({ send, fields: { name: 'a' }, lost: 'it is lost' });
    await pass(600);
    expect(warnings()).toMatchObject([{ error: 'no address' }]);
  });

  test('sends a few at a time, so that a receiver that hangs keeps no more than these', async () => {
    const { outbox } = setUp();
    const { add, begun, end } = hanging(outbox);
    for (let index = 0; index < 40; index += 1) add(`m${index}`);
    expect(begun).toHaveLength(16);
    end('m3');
    await settled();
    expect(begun).toHaveLength(17);
    expect(begun.at(-1)).toBe('m16');
  });

  test('lets no more than a thousand wait: the oldest goes, and the log says which', async () => {
    const { add, pass, sent, pending, warnings } = setUp();
    for (let index = 0; index < MAX_WAITING + 3; index += 1) add(`m${index}`, 1);
    await settled();
    await pass(1);
    expect(warnings().map(({ name, error }) => [name, error])).toEqual([
      ['m0', 'More than 1000 messages are waiting.'],
      ['m1', 'More than 1000 messages are waiting.'],
      ['m2', 'More than 1000 messages are waiting.'],
    ]);
    expect(pending()).toBe(MAX_WAITING);
    sent.length = 0;
    await pass(600);
    expect(new Set(sent).size).toBe(MAX_WAITING);
    expect(sent).not.toContain('m0');
  });

  test('gives up what waits when it stops, and says how many', async () => {
    const { add, outbox, pass, pending, sent, warnings } = setUp();
    add('through');
    for (const name of ['a', 'b', 'c']) add(name, 100);
    await pass(1);
    expect(await outbox.stop()).toBe(3);
    await pass(600);
    expect(sent).toHaveLength(4);
    expect(warnings()).toEqual([]);
    expect(pending()).toBe(0);
  });

  test('gives what is under way a moment when it stops', async () => {
    const { outbox, pass } = setUp();
    const { add, begun, end } = hanging(outbox);
    add('quick');
    add('stuck');
    const stopped = outbox.stop();
    add('of the last moment');
    expect(begun).toHaveLength(3);
    end('quick');
    await pass(1);
    end('of the last moment');
    await pass(1);
    expect(await stopped).toBe(1);
  });

  test('does not wait when it stops with nothing left', async () => {
    const { outbox, pending } = setUp();
    expect(await outbox.stop()).toBe(0);
    expect(pending()).toBe(0);
  });

  test('takes nothing after that, and says so', async () => {
    const { add, outbox, sent, warnings } = setUp();
    await outbox.stop();
    add('late');
    expect(sent).toEqual([]);
    expect(warnings()).toMatchObject([{ name: 'late', error: 'Turnpike stops.' }]);
  });
});
