import { describe, expect, test } from 'bun:test';
import { parse } from 'yaml';
import { createPrinter } from '../../../../src/cli/get/print.ts';
import type { Found } from '../../../../src/cli/get/read.ts';
import { escapeControls, hasControls } from '../../../../src/lib/text/printable.ts';
import { createLogger } from '../../../../src/telemetry/log.ts';

/** Clears the screen; C1's spelling of the same start; reorders what follows; a tag beyond the first plane. */
const HOSTILE = 'a\u001b[2J b\u009b2J \u202ec\u2066 d\u{e0001} e\u2028f \u007f';
const UNPRINTABLE = /[^\P{C}\n\t]|[\p{Zl}\p{Zp}]/u;

function logged(fields: Record<string, unknown>, encoding: 'console' | 'json' = 'console'): string {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  createLogger({ level: 'info', encoding, write, now: () => new Date(0) }).info(fields, 'request refused');
  return lines.join('');
}

describe('what others write, at a terminal', () => {
  test.each([
    ['a value', { path: HOSTILE }],
    ['a value without blanks', { path: HOSTILE.replaceAll(' ', '') }],
    ['something in a list', { problems: [HOSTILE] }],
    ['a name', { [HOSTILE]: 'x' }],
    ['a name within', { names: { [HOSTILE]: 'x' } }],
    ['an error', { error: new Error(HOSTILE) }],
  ])('is one line of a log for people without control characters: %s', (_, fields) => {
    const line = logged(fields);
    expect(line).toContain('\\u001b[2J');
    expect(line).toContain('\\u202e');
    expect(line.slice(0, -1)).not.toMatch(/\n/);
    expect(line).not.toMatch(UNPRINTABLE);
  });

  test('cannot pretend to be escaped', () => {
    expect(logged({ path: '/a\u001bb\\u001b' })).toContain('path="/a\\u001bb\\\\u001b"');
  });

  test('is left alone where it is harmless', () => {
    expect(logged({ path: '/ü/版本', n: 1 })).toEndWith('request refused  path=/ü/版本  n=1\n');
    expect(hasControls('ü 版本')).toBe(false);
    expect(escapeControls('a\tb')).toBe('a\\u0009b');
  });

  test.each(['json', 'yaml'] as const)('is escaped in %s, and reads back as it was', (output) => {
    const written: string[] = [];
    const io = {
      out: (text: string) => void written.push(text),
      err: () => {},
      environment: {},
      signal: AbortSignal.timeout(1000),
    };
    const given = {
      name: 'app',
      allNamespaces: false,
      watch: false,
      cluster: { kubeconfig: '', context: '' },
    };
    const raw = {
      metadata: { name: 'app', [HOSTILE]: 'x' },
      status: { message: HOSTILE, picture: '🚦', lines: 'a\n\tb\n' },
    };
    createPrinter({ ...given, output }, io).all([{ raw } as unknown as Found]);
    const text = written.join('');
    expect(text).not.toMatch(UNPRINTABLE);
    expect(text).toContain(output === 'json' ? '\\udb40\\udc01' : '\\U000e0001');
    const read = output === 'json' ? JSON.parse(text) : parse(text);
    expect(read).toMatchObject(raw);
  });
});
