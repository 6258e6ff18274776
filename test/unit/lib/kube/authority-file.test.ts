import { afterAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authorityFile } from '../../../../src/lib/kube/certificates/authority-file.ts';
import { generateAuthority, generateLeaf } from '../../../../src/lib/kube/certificates/generate.ts';
import { createFakeLog } from '../../../fakes/log.ts';
import { waitUntil } from '../../../lab/wait.ts';

const directory = await mkdtemp(join(tmpdir(), 'turnpike-authorities-'));
const [one, two] = [await generateAuthority(new Date()), await generateAuthority(new Date())];
const leaf = await generateLeaf(one, { dns: ['localhost'], ip: [] }, new Date());

afterAll(() => rm(directory, { recursive: true }));

describe('the authorities of callers', () => {
  async function setUp(text: string) {
    const file = join(directory, crypto.randomUUID());
    await writeFile(file, text);
    const { log, lines } = createFakeLog();
    return { file, lines, authorities: authorityFile(file, { log, pollMs: 5 }) };
  }

  test('are all certificates of the file', async () => {
    const { authorities } = await setUp(`# ours\n${one.cert.trim()}\n\nand\n${two.cert}`);
    expect(await authorities.ensure()).toEqual([one.cert, two.cert]);
  });

  const faulty: [string, string, string][] = [
    ['nothing', '', 'holds no certificate in PEM'],
    ['a key', one.key, 'holds no certificate in PEM'],
    ['a damaged one', one.cert.replace(/\n.{20}/, `\n${'A'.repeat(20)}`), 'damaged, or not of an authority'],
    ['one that is no authority', `${one.cert}${leaf.cert}`, 'damaged, or not of an authority'],
  ];

  test.each(faulty)('are refused with a sentence where the file holds %s', async (_, text, sentence) => {
    const { authorities, file } = await setUp(text);
    await expect(authorities.ensure()).rejects.toThrow(sentence);
    await expect(authorities.ensure()).rejects.toThrow(file);
  });

  test('are refused with a sentence where there is no file', async () => {
    const { authorities, file } = await setUp('');
    await rm(file);
    await expect(authorities.ensure()).rejects.toThrow(`${file} cannot be read`);
  });

  test('are followed when the file changes, and stay while it cannot be used', async () => {
    const { authorities, file, lines } = await setUp(one.cert);
    await authorities.ensure();
    const seen: (readonly string[])[] = [];
    const ended = new AbortController();
    let failures = 0;
    const running = authorities.run(async (next) => {
      if (failures++ === 0) throw new Error('not yet');
      seen.push(next);
    }, ended.signal);
    await writeFile(file, 'half a fi');
    const isWarned = (of: string) => lines.some((line) => line.includes(of));
    await waitUntil('a warning', async () => isWarned('holds no certificate'), { seconds: 5, everyMs: 5 });
    expect(seen).toEqual([]);
    await writeFile(file, two.cert);
    await waitUntil('the change', async () => seen.length > 0, { seconds: 5, everyMs: 5 });
    expect(isWarned('not yet')).toBe(true);
    ended.abort();
    await running;
    expect(seen).toEqual([[two.cert]]);
  });
});
