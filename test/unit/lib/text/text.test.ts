import { describe, expect, test } from 'bun:test';
import { answer } from '../../../../src/http/admission/answer.ts';
import { maskControls } from '../../../../src/lib/text/printable.ts';
import { cut, cutBytes, cutCharacters } from '../../../../src/lib/text/text.ts';

/** A letter, so that every other place is between two halves of a character. */
const PICTURES = `x${'😀'.repeat(3_000)}`;

describe('a text that is cut', () => {
  test('leaves no half of a character, wherever that is', () => {
    for (let length = 1; length < 12; length += 1) {
      const shown = cut(PICTURES, length);
      expect(shown.length).toBeLessThanOrEqual(length);
      expect(shown.length).toBeGreaterThan(length - 2);
      expect(shown).toMatch(/^x?(😀)*…$/u);
    }
  });

  test('is bounded by its characters', () => {
    expect(cutCharacters(PICTURES, 3)).toBe('x😀…');
    expect(cutCharacters('x😀😀', 3)).toBe('x😀😀');
    expect(cutCharacters('xyz', 3)).toBe('xyz');
  });

  test('is bounded by its bytes, and ends with a whole character', () => {
    for (let bytes = 4; bytes < 20; bytes += 1) {
      const shown = cutBytes(PICTURES, bytes);
      expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(bytes);
      expect(Buffer.byteLength(shown)).toBeGreaterThan(bytes - 4);
      expect(shown).toMatch(/^x(😀)*…$/u);
    }
    expect(cutBytes('größer', 8)).toBe('größer');
    expect(cutBytes('größer', 7)).toBe('grö…');
  });

  test('is well formed in an answer to the API server, and has no controls', () => {
    const lines = [`${PICTURES}`, 'a\u001b\u202eb'];
    const { status } = answer('u', {
      allowed: false,
      code: 422,
      reason: 'Invalid',
      lines,
      warnings: [],
    }).response;
    expect(status?.message.isWellFormed()).toBe(true);
    expect(status?.message).toEndWith('…\na b');
  });
});

test('the name of a file shows a question mark for what a terminal acts on', () => {
  expect(maskControls('a\nb\u001b\u202e\u2028.yaml')).toBe('a?b???.yaml');
  expect(maskControls('größer 版本.yaml')).toBe('größer 版本.yaml');
});
