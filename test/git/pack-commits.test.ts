import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commitsIn } from '../../src/promote/git/pack-commits.ts';
import { parseEntry } from '../../src/promote/git/pack-file.ts';
import { createTestRepository, type TestRepository } from './repository.ts';

const HEADER_BYTES = 12;
const CHECKSUM_BYTES = 20;
const MAX_BYTES = 1024 * 1024;

let directory: string;
let repository: TestRepository;
let commits: string[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-pack-commits-'));
  repository = await createTestRepository(directory, 'app.git', { 'README.md': 'A repository.\n' });
  for (let number = 0; number < 30; number += 1) {
    // Messages so alike are kept as deltas.
    const message = `${'A sentence that is the same in every one of them.\n'.repeat(20)}${number}`;
    await repository.commit({ 'README.md': `${'line\n'.repeat(200)}${number}` }, { message });
  }
  const format = '--batch-check=%(objecttype) %(deltabase)';
  await repository.git('repack', '-adf', '--quiet');
  const listed = await repository.git('cat-file', '--batch-all-objects', format);
  expect(listed).toMatch(/^commit 0*[1-9a-f]/m);
  commits = (await repository.git('rev-list', 'main')).trim().split('\n').sort();
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function packOf(...options: readonly string[]): Promise<Buffer> {
  const base = join(directory, `pack-${crypto.randomUUID()}`);
  const name = await repository.git(
    'pack-objects',
    '--all',
    '--window=50',
    '--no-reuse-delta',
    ...options,
    base,
  );
  return Buffer.from(await Bun.file(`${base}-${name.trim()}.pack`).arrayBuffer());
}

/** The pack with its objects in the opposite order; none may say by an offset where its base is. */
function reversed(pack: Buffer): Buffer {
  const entries: Buffer[] = [];
  for (let at = HEADER_BYTES; at < pack.length - CHECKSUM_BYTES; ) {
    const length = parseEntry(pack.subarray(at), at, MAX_BYTES)?.length ?? 0;
    entries.push(pack.subarray(at, at + length));
    at += length;
  }
  return Buffer.concat([
    pack.subarray(0, HEADER_BYTES),
    ...entries.reverse(),
    pack.subarray(-CHECKSUM_BYTES),
  ]);
}

describe('the commits of a pack', () => {
  test.each([
    ['deltas that say where their base is', ['--delta-base-offset']],
    ['deltas that name their base', []],
    ['no deltas', ['--window=0']],
  ])('are all found among trees and files: %s', async (_, options) => {
    expect([...commitsIn(await packOf(...options)).keys()].sort()).toEqual(commits);
  });

  test('are found when what a delta is based on comes behind it', async () => {
    const pack = reversed(await packOf());
    expect([...commitsIn(pack).keys()].sort()).toEqual(commits);
  });

  test('are none in an empty pack', () => {
    expect(commitsIn(Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1')).size).toBe(0);
  });

  test.each([
    ['no pack', Buffer.from('not a pack at all')],
    ['a pack that is broken off', Buffer.from('PACK\0\0\0\x02\0\0\0\x01', 'latin1')],
  ])('are not made up from %s', (_, bytes) => {
    expect(() => commitsIn(bytes)).toThrow();
  });
});
