import { describe, expect, test } from 'bun:test';
import { readdir } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import { keyFault, keysFor } from '../../../src/decide/keys.ts';

const ENCODER = new TextEncoder();
const EXAMPLES = new URL('../../../manifests/examples/', import.meta.url);

function valuesOf(keys: Readonly<Record<string, string>>): Map<string, Uint8Array> {
  return new Map(Object.entries(keys).map(([name, key]) => [name, ENCODER.encode(key)]));
}

describe('a key', () => {
  test.each([
    ['', 'key-too-short'],
    ['fifteen bytes..', 'key-too-short'],
    ['sixteen bytes...', undefined],
    ['put-the-same-random-key-into-both-of-these', 'key-published'],
    [' put-the-same-random-key-into-both-of-these\r\n', 'key-published'],
    ['put-the-same-random-key-into-both-of-these!', undefined],
  ])('%p is %p', (key, fault) => {
    expect(keyFault(ENCODER.encode(key))).toBe(fault as 'key-too-short');
  });

  test('that stands in manifests/examples is known to be published', async () => {
    const files = (await readdir(EXAMPLES)).filter((name) => name.endsWith('.yaml'));
    const texts = await Promise.all(files.map((name) => Bun.file(new URL(name, EXAMPLES)).text()));
    const objects = texts.flatMap((text) => parseAllDocuments(text).map((one) => one.toJS()));
    const values = objects.flatMap((object) => Object.values<string>(object?.stringData ?? {}));
    expect(values.length).toBeGreaterThan(3);
    for (const value of values) expect(keyFault(ENCODER.encode(value))).toBe('key-published');
  });

  test('for approvals signs no event', () => {
    const values = valuesOf({ 'hmac-key': 'e'.repeat(32), 'approval-key': 'a'.repeat(32) });
    expect(keysFor('event', values)).toEqual([{ bytes: ENCODER.encode('e'.repeat(32)) }]);
  });
});
