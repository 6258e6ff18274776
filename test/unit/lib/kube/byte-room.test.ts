import { describe, expect, test } from 'bun:test';
import { createByteRoom } from '../../../../src/lib/kube/client/byte-room.ts';

const KIB = 1024;
/** Of each answer the first 64 KiB are not counted. */
const FREE = 64 * KIB;

const take = (answer: { take(bytes: number): void }, bytes: number): string => {
  try {
    answer.take(bytes);
    return 'taken';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('what answers of other clusters take in memory', () => {
  test('is bounded for a namespace, and for all', () => {
    const room = createByteRoom({ total: 150, namespace: 100 });
    const [first, second, other] = [room.open('a'), room.open('a'), room.open('b')];
    expect(take(first, FREE + 60)).toBe('taken');
    expect(take(second, FREE + 41)).toBe('ApiBusy');
    expect(take(other, FREE + 90)).toBe('taken');
    expect(take(other, 1)).toBe('ApiBusy');
    first.release();
    expect(take(room.open('c'), FREE + 60)).toBe('taken');
  });

  test('is not counted of what is small, however much others hold', () => {
    const room = createByteRoom({ total: 100, namespace: 100 });
    expect(take(room.open('a'), FREE + 100)).toBe('taken');
    const small = room.open('b');
    expect([take(small, FREE - 1), take(small, 1), take(small, 1)]).toEqual(['taken', 'taken', 'ApiBusy']);
  });

  test('comes back once, whether it was read or not', () => {
    const room = createByteRoom({ total: 100, namespace: 100 });
    const answer = room.open('a');
    for (const _ of [1, 2, 3]) take(answer, FREE);
    expect(take(answer, 1)).toBe('ApiBusy');
    answer.release();
    answer.release();
    expect(take(room.open('b'), FREE + 100)).toBe('taken');
    expect(take(room.open('c'), FREE + 1)).toBe('ApiBusy');
  });
});
