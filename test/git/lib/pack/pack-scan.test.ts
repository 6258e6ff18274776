import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gitObject, packOf } from '../../../../src/lib/git/objects.ts';
import { createPackBudget } from '../../../../src/lib/git/pack/pack-budget.ts';
import { parseEntry } from '../../../../src/lib/git/pack/pack-file.ts';
import { writePackIndex } from '../../../../src/lib/git/pack/pack-index.ts';
import { type ScannedPack, type ScanOptions, scanPack } from '../../../../src/lib/git/pack/pack-scan.ts';
import { failureOf } from '../../../fakes/failure.ts';
import { blobEntry, copying, deltaData, madePack, ofsDelta, refDelta } from '../../stage/made-pack.ts';
import { createTestRepository, type TestRepository } from '../../stage/repository.ts';

const MIB = 1024 * 1024;
const NAME = 'https://git.example/acme/fleet';
const ADVICE = 'keep large files in Git LFS';

let directory: string;
let repository: TestRepository;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-pack-scan-'));
  repository = await createTestRepository(directory, 'app.git', { 'README.md': 'A repository.\n' });
  const lines = Array.from({ length: 300 }, (_, number) => `line ${number} ${crypto.randomUUID()}`);
  for (let version = 0; version < 40; version += 1) {
    lines[version * 7] = `changed in ${version}`;
    const message = `${'A sentence that is the same in every one of them.\n'.repeat(20)}${version}`;
    const files = { 'dir/text.yaml': lines.join('\n'), [`dir/${version}.yaml`]: `v: ${version}\n` };
    await repository.commit(files, { message });
  }
  await repository.git(
    '-c',
    'user.name=Ada',
    '-c',
    'user.email=ada@example.com',
    'tag',
    '-a',
    'v1',
    '-m',
    'A tag that is an object',
  );
  await repository.git('repack', '-adf', '--quiet');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function scanned(
  bytes: Buffer,
  change: Partial<ScanOptions> = {},
): Promise<ScannedPack & { path: string }> {
  const path = join(directory, `${crypto.randomUUID()}.pack`);
  await Bun.write(path, bytes);
  const signal = new AbortController().signal;
  const scan = await scanPack(path, {
    name: NAME,
    advice: ADVICE,
    maxInflated: 256 * MIB,
    signal,
    external: () => undefined,
    ...change,
  });
  return { ...scan, path };
}

function namesIn({ entries }: ScannedPack): string[] {
  const places = Array.from({ length: entries.count }, (_, place) => place).filter(
    (place) => entries.order[place] !== 0,
  );
  return places.map((place) => entries.oids.toString('hex', place * 20, place * 20 + 20)).sort();
}

async function fromGit(...options: readonly string[]): Promise<Buffer> {
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

async function allObjects(): Promise<string[]> {
  const listed = await repository.git('cat-file', '--batch-all-objects', '--batch-check=%(objectname)');
  return listed.trim().split('\n').sort();
}

/** The pack with its objects in the opposite order; none may say by an offset where its base is. */
function reversed(pack: Buffer): Buffer {
  const entries: Buffer[] = [];
  for (let at = 12; at < pack.length - 20; ) {
    const length = parseEntry(pack.subarray(at), at, MIB)?.length ?? 0;
    entries.push(pack.subarray(at, at + length));
    at += length;
  }
  return madePack(entries.reverse());
}

describe('a pack that Git makes', () => {
  test.each([
    ['deltas that say where their base is', ['--delta-base-offset', '--depth=50']],
    ['deltas that name their base', []],
    ['no deltas', ['--window=0']],
  ])('has the index that Git gives it: %s', async (_, options) => {
    const scan = await scanned(await fromGit(...options));
    expect(namesIn(scan)).toEqual(await allObjects());
    await writePackIndex(scan.path, scan);
    await repository.git('index-pack', '-o', `${scan.path}.git`, scan.path);
    const [ours, gits] = [`${scan.path}.idx`, `${scan.path}.git`].map((path) => Bun.file(path).bytes());
    expect(Buffer.from((await ours) ?? []).equals(Buffer.from((await gits) ?? []))).toBe(true);
  });

  test('is read though what a delta builds on comes behind it', async () => {
    expect(namesIn(await scanned(reversed(await fromGit())))).toEqual(await allObjects());
  });

  test('is handed out object by object, with its type', async () => {
    const types = new Map<string, number>();
    const seen: ScanOptions['seen'] = ({ oid, type, body }) => {
      const names = ['', 'commit', 'tree', 'blob', 'tag'] as const;
      expect(gitObject(names[type] as 'blob', body).oid).toBe(oid);
      types.set(oid, type);
    };
    await scanned(await fromGit('--delta-base-offset'), { seen });
    expect([...types.keys()].sort()).toEqual(await allObjects());
    const commits = (await repository.git('rev-list', '--all')).trim().split('\n').sort();
    expect([...types].flatMap(([oid, type]) => (type === 1 ? [oid] : [])).sort()).toEqual(commits);
  });

  test('may be a thin one, which builds on what is here', async () => {
    const old = gitObject('blob', Buffer.from('line\n'.repeat(500)));
    const body = Buffer.concat([old.body, Buffer.from('more')]);
    const instructions = Buffer.concat([copying(old.body.length), Buffer.from([4, ...Buffer.from('more')])]);
    const thin = madePack([refDelta(old.oid, deltaData(old.body.length, body.length, instructions))]);
    const external = (oid: string) => (oid === old.oid ? { body: old.body, cost: 0 } : undefined);
    expect(namesIn(await scanned(thin, { external }))).toEqual([gitObject('blob', body).oid]);
    await expect(scanned(thin)).rejects.toThrow('lacks what a delta of it builds on');
    await expect(
      scanned(thin, { external: () => ({ body: Buffer.from('other'), cost: 0 }) }),
    ).rejects.toThrow('is damaged');
  });

  test('gives way when nobody waits for it any more', async () => {
    const signal = AbortSignal.abort(new Error('the pipeline was deleted'));
    await expect(
      scanned(packOf(Array.from({ length: 600 }, (_, n) => gitObject('blob', Buffer.from(`${n}`)))), {
        signal,
      }),
    ).rejects.toThrow('the pipeline was deleted');
  });
});

const HELLO = blobEntry(Buffer.from('hello'));
const WHOLE = `${NAME} has files of more than 256 MiB in all: ${ADVICE}.`;

/** A delta on HELLO, which stands right before it, that makes so many bytes. */
const grown = (size: number) => ofsDelta(HELLO.length, deltaData(5, size, Buffer.from([1, 0x61])));

describe('what deltas of a thin pack build on', () => {
  test('is read once, and counts', async () => {
    const old = gitObject('blob', Buffer.alloc(15 * MIB, 'a'));
    let reads = 0;
    const external = () => {
      reads += 1;
      return { body: old.body, cost: 0 };
    };
    const deltas = Array.from({ length: 50 }, (_, number) =>
      refDelta(old.oid, deltaData(15 * MIB, 2, Buffer.from([2, 0x61, number]))),
    );
    expect(namesIn(await scanned(madePack(deltas), { external }))).toHaveLength(50);
    expect(reads).toBe(1);
    const budget = scanned(madePack(deltas), { external, maxInflated: MIB });
    expect(await failureOf(budget)).toMatchObject({ code: 'GitTooLarge' });
  });
});

describe('a pack that becomes large', () => {
  const old = gitObject('blob', Buffer.alloc(6 * MIB, 'a'));
  const onOld = (size: number) => refDelta(old.oid, deltaData(old.body.length, size, copying(size)));
  const blob = blobEntry(Buffer.alloc(2 * MIB));

  test.each([
    ['before it reads what a delta builds on', [onOld(3 * MIB)], ['waits', 'read']],
    ['and lets go of what is in memory', [onOld(1), blob, blob, onOld(2)], ['read', 'waits', 'read']],
    ['and one that does not waits for none', [onOld(1), HELLO], ['read']],
  ])('waits, %s', async (_, entries, wanted) => {
    const seen: string[] = [];
    const external = () => {
      seen.push('read');
      return { body: old.body, cost: 0 };
    };
    const enter = async () => void seen.push('waits');
    await scanned(madePack(entries), { external, enter });
    expect(seen).toEqual(wanted);
  });
});

describe('what is too large to be read', () => {
  test('is named when it is whole, and left out when it is a delta', async () => {
    const large = Buffer.alloc(20 * MIB, 'a');
    const scan = await scanned(madePack([blobEntry(large), HELLO, grown(17 * MIB)]));
    expect(namesIn(scan)).toEqual(
      [gitObject('blob', large).oid, gitObject('blob', Buffer.from('hello')).oid].sort(),
    );
  });

  test('is left out when it builds on what is', async () => {
    const large = blobEntry(Buffer.alloc(20 * MIB, 'a'));
    const small = ofsDelta(large.length, deltaData(20 * MIB, 5, copying(5)));
    expect(namesIn(await scanned(madePack([large, small])))).toHaveLength(1);
  });

  test('is left out when it builds on what is, by its name', async () => {
    const large = Buffer.alloc(20 * MIB, 'a');
    const small = refDelta(gitObject('blob', large).oid, deltaData(20 * MIB, 5, copying(5)));
    expect(namesIn(await scanned(madePack([small, blobEntry(large)])))).toHaveLength(1);
    const unknown = refDelta('ab'.repeat(20), deltaData(5, 5, copying(5)));
    expect(namesIn(await scanned(madePack([unknown, HELLO]), { isLacking: true }))).toHaveLength(1);
  });

  test('is a chain of deltas that take too long', async () => {
    const size = 4 * MIB;
    // Each instruction inserts one byte.
    const slow = Buffer.alloc(size * 2, Buffer.from([1, 0x61]));
    const entries = [blobEntry(Buffer.alloc(size, 'b'))];
    for (let number = 0; number < 4; number += 1) {
      slow[1] = 0x63 + number;
      entries.push(ofsDelta(entries.at(-1)?.length ?? 0, deltaData(size, size, slow)));
    }
    expect(namesIn(await scanned(madePack(entries)))).toHaveLength(2);
  });

  test('is a chain of deltas that makes too much on the way', async () => {
    const size = 10 * MIB;
    const entries = [blobEntry(Buffer.alloc(size, 'a'))];
    for (let number = 0; number < 9; number += 1) {
      const instructions = Buffer.concat([copying(size - 1), Buffer.from([1, 0x62 + number])]);
      entries.push(ofsDelta(entries.at(-1)?.length ?? 0, deltaData(size, size, instructions)));
    }
    expect(namesIn(await scanned(madePack(entries)))).toHaveLength(6);
  });
});

const INSERTS = 127 * 100_000;

/** 18 deltas, each on the first object, of which each makes so many bytes. */
function deltas(size: number, instructions: Buffer): Buffer {
  const first = blobEntry(Buffer.alloc(15 * MIB));
  const entries = [first];
  for (let back = first.length; entries.length < 19; back += entries.at(-1)?.length ?? 0) {
    entries.push(ofsDelta(back, deltaData(15 * MIB, size, instructions)));
  }
  return madePack(entries);
}

describe('a pack', () => {
  test.each([
    ['that says it has 300,001 objects', madePack([HELLO], 300_001)],
    ['of an object that says it has 257 MiB', madePack([blobEntry(Buffer.from('x'), 257 * MIB)])],
    ['of deltas that make 270 MiB', deltas(15 * MIB, copying(15 * MIB))],
    ['of deltas of 270 MiB', deltas(INSERTS, Buffer.alloc((INSERTS / 127) * 128, 127))],
  ])(
    '%s is too large',
    async (_, bytes) => {
      const error = await failureOf(scanned(bytes));
      expect(error).toMatchObject({ code: 'GitTooLarge', retry: 'never', message: WHOLE });
    },
    20_000,
  );

  test.each([
    ['none at all', Buffer.from('not a pack at all, and longer than its checksum')],
    ['empty', Buffer.alloc(0)],
    ['broken off', madePack([HELLO], 2)],
    ['longer than its objects', madePack([HELLO, Buffer.from('more')], 1)],
    ['one whose object is larger than it says', madePack([blobEntry(Buffer.alloc(80 * MIB), 5)])],
    [
      'one whose large object is larger than it says',
      madePack([blobEntry(Buffer.alloc(20 * MIB), 17 * MIB)]),
    ],
    [
      'one whose large object is smaller than it says',
      madePack([blobEntry(Buffer.alloc(17 * MIB), 20 * MIB)]),
    ],
    ['one whose object is smaller than it says', madePack([blobEntry(Buffer.from('x'), 5)])],
    [
      'one whose delta builds on nothing',
      madePack([HELLO, ofsDelta(3, deltaData(5, 1, Buffer.from([1, 0x61])))]),
    ],
    ['one whose delta names no size', madePack([HELLO, ofsDelta(HELLO.length, Buffer.alloc(100, 0xff))])],
    ['rubbish', madePack([Buffer.alloc(100, 0x35)])],
    ['one with another checksum', Buffer.concat([madePack([HELLO]).subarray(0, -1), Buffer.from([0])])],
  ])('that is %s is damaged', async (_, bytes) => {
    const outcome = scanned(bytes);
    await expect(outcome).rejects.toBeInstanceOf(Error);
    await expect(outcome).rejects.not.toHaveProperty('code', 'GitTooLarge');
  });
});

test('what a pack leaves behind is collected as it goes: many small objects as well as large ones', async () => {
  let tokens = 0;
  const turn = async (left = 0) => {
    tokens += left;
  };
  const { signal } = new AbortController();
  const budget = createPackBudget({ name: 'a', advice: ADVICE, maxInflated: 2 ** 30, signal, turn });
  for (let object = 0; object < 1_000; object += 1) await budget.turn();
  expect(tokens).toBe(2_000);
  budget.work(2 ** 22);
  await budget.turn();
  expect(tokens).toBe(2_000 + 2 + 8_192);
});
