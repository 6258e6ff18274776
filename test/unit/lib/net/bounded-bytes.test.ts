import { describe, expect, test } from 'bun:test';
import { createBoundedBytes } from '../../../../src/lib/net/index.ts';

const piece = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe('bytes that come in pieces', () => {
  test('are taken as a whole, and counted anew then', () => {
    const bytes = createBoundedBytes(4);
    expect([bytes.add(piece('ab')), bytes.add(piece('cd'))]).toEqual([true, true]);
    expect(text(bytes.take())).toBe('abcd');
    expect(bytes.take()).toHaveLength(0);
    expect(bytes.add(piece('efgh'))).toBe(true);
  });

  test('are not copied where one piece is all of them', () => {
    const bytes = createBoundedBytes(4);
    const only = piece('abcd');
    bytes.add(only);
    expect(bytes.take()).toBe(only);
  });

  test('end at their bound, and the beginning is kept', () => {
    const bytes = createBoundedBytes(5);
    expect([bytes.add(piece('abc')), bytes.add(piece('def')), bytes.add(piece('g'))]).toEqual([
      true,
      false,
      false,
    ]);
    expect(text(bytes.take())).toBe('abcde');
  });

  test('go elsewhere where they are not to be held', () => {
    const seen: string[] = [];
    const bytes = createBoundedBytes(3, (one) => seen.push(text(one)));
    expect([bytes.add(piece('ab')), bytes.add(piece('cd'))]).toEqual([true, false]);
    expect(seen).toEqual(['ab', 'c']);
    expect(bytes.take()).toHaveLength(0);
  });
});
