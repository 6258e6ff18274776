import { describe, expect, test } from 'bun:test';
import { MAX_DEPTH, parseJson } from '../../src/http/body.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const nested = (depth: number) => bytes('['.repeat(depth) + ']'.repeat(depth));

describe('the body of a request', () => {
  test('is read as JSON, a byte order mark left out', () => {
    expect(parseJson(bytes('\ufeff{"name":"größer"}'))).toEqual({ ok: true, value: { name: 'größer' } });
    expect(parseJson(nested(MAX_DEPTH)).ok).toBe(true);
  });

  test.each([
    ['no JSON', bytes('{"name":'), 'Send JSON.'],
    ['nothing', new Uint8Array(), 'Send JSON.'],
    ['bytes that are no UTF-8', new Uint8Array([0x22, 0xe2, 0x82, 0x22]), 'Send JSON.'],
    ['more levels than any event has', nested(MAX_DEPTH + 1), 'The body is nested deeper than 100 levels.'],
    ['levels without end', nested(100_000), 'The body is nested deeper than 100 levels.'],
  ])('that is %s is said to be so', (_what, body, detail) => {
    expect(parseJson(body, 'Send JSON.')).toEqual({ ok: false, detail });
  });

  test('is read after one that was broken', () => {
    parseJson(new Uint8Array([0xe2, 0x82]));
    expect(parseJson(bytes('"after"'))).toEqual({ ok: true, value: 'after' });
  });
});
