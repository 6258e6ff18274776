import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { fetchPack } from '../../../../src/lib/git/fetch-pack.ts';
import { gitObject, packOf, parseTree, treeWith } from '../../../../src/lib/git/objects.ts';
import { applyDelta } from '../../../../src/lib/git/pack/delta.ts';
import { writePackIndex } from '../../../../src/lib/git/pack/pack-index.ts';
import { scanPack } from '../../../../src/lib/git/pack/pack-scan.ts';
import { openPacks, type Packs } from '../../../../src/lib/git/pack/packs.ts';
import {
  createPktReader,
  FLUSH_PKT,
  pktLine,
  readPktLines,
} from '../../../../src/lib/git/protocol/pktline.ts';
import { createDemultiplexer } from '../../../../src/lib/git/protocol/side-band.ts';
import { openRepository, type Repository } from '../../../../src/lib/git/repository.ts';
import type { Transport } from '../../../../src/lib/git/transport.ts';
import {
  blobEntry,
  copying,
  copyingFrom,
  deltaData,
  madePack,
  ofsDelta,
  refDelta,
} from '../../stage/made-pack.ts';
import { createTestRepository, type TestRepository } from '../../stage/repository.ts';
import { run } from '../../stage/run.ts';

let directory: string;
let repository: TestRepository;

/** Many versions of one text, so that Git stores all but one of them as deltas. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-packs-'));
  const lines = Array.from({ length: 400 }, (_, number) => `line ${number} ${crypto.randomUUID()}`);
  repository = await createTestRepository(directory, 'deltas.git', { 'big.txt': 'x'.repeat(200_000) });
  for (let version = 0; version < 30; version += 1) {
    lines[version * 7] = `changed in ${version}`;
    await repository.commit({
      'dir/text.yaml': lines.join('\n'),
      [`dir/${version}.yaml`]: `v: ${version}\n`,
    });
  }
  await repository.git('repack', '-adf', '--depth=50', '--quiet');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function allObjects(): Promise<{ oid: string; type: string; deltas: number }[]> {
  const format = '--batch-check=%(objectname) %(objecttype) %(deltabase)';
  const listed = await repository.git('cat-file', '--batch-all-objects', format);
  return listed
    .trim()
    .split('\n')
    .map((line) => {
      const [oid = '', type = '', base = ''] = line.split(' ');
      return { oid, type, deltas: /^0+$/.test(base) ? 0 : 1 };
    });
}

describe('the objects in a pack', () => {
  test('are read as Git reads them, chains of deltas included', async () => {
    const packs = openPacks(repository.path);
    packs.refresh();
    const objects = await allObjects();
    expect(objects.filter(({ deltas }) => deltas > 0).length).toBeGreaterThan(20);
    for (const { oid, type } of objects) {
      expect(gitObject(type as 'blob', packs.read(oid)).oid).toBe(oid);
    }
    packs.rest();
    const [first] = objects;
    expect(packs.read(first?.oid ?? '')).toBeInstanceOf(Buffer);
    packs.rest();
  });

  test('that are missing are an error', () => {
    const packs = openPacks(repository.path);
    packs.refresh();
    expect(() => packs.read('0'.repeat(40))).toThrow('has no object 0000');
  });
});

/** A copy that is opened with this pack in it. */
async function copyOf(pack: Buffer): Promise<Packs> {
  const gitdir = await mkdtemp(join(directory, 'copy-'));
  await mkdir(join(gitdir, 'objects', 'pack'), { recursive: true });
  const path = join(gitdir, 'objects', 'pack', 'pack-000000-x');
  await writeFile(`${path}.pack`, pack);
  const signal = new AbortController().signal;
  const options = { name: 'it', advice: 'use less', maxInflated: 1e8, signal, external: () => undefined };
  await writePackIndex(path, await scanPack(`${path}.pack`, options));
  const packs = openPacks(gitdir);
  packs.refresh();
  return packs;
}

describe('a pack that has objects twice', () => {
  test('is read though each of them is there as a delta on the other one', async () => {
    const [one, two] = ['line\n'.repeat(100), `${'line\n'.repeat(100)}more`].map((text) =>
      gitObject('blob', Buffer.from(text)),
    );
    if (!one || !two) throw new Error('the test needs two objects');
    const grown = Buffer.concat([copying(one.body.length), Buffer.from([4, ...Buffer.from('more')])]);
    const forth = refDelta(one.oid, deltaData(one.body.length, two.body.length, grown));
    const back = refDelta(two.oid, deltaData(two.body.length, one.body.length, copying(one.body.length)));
    const entries = [back, forth, blobEntry(one.body), blobEntry(two.body), back, forth];
    const packs = await copyOf(madePack(entries));
    expect(packs.objects()).toBe(2);
    expect(packs.read(one.oid)).toEqual(one.body);
    packs.rest();
    expect(packs.read(two.oid)).toEqual(two.body);
    packs.rest();
  });
});

describe('what was left out of a pack', () => {
  test('is known to be too large also when the copy is opened again', async () => {
    const hello = blobEntry(Buffer.from('hello'));
    const large = ofsDelta(hello.length, deltaData(5, 17 * 1024 * 1024, Buffer.from([1, 0x61])));
    const packs = await copyOf(madePack([hello, large]));
    expect(packs.isLacking()).toBe(true);
    expect(packs.readIfSmall('ab'.repeat(20))).toBeUndefined();
    expect(() => packs.read('ab'.repeat(20))).toThrow('is larger than');
    packs.rest();
  });
});

describe('thin packs', () => {
  const first = gitObject('blob', Buffer.from('line\n'.repeat(100)));
  const second = gitObject('blob', Buffer.concat([first.body, Buffer.from('more')]));
  const grown = Buffer.concat([copying(first.body.length), Buffer.from([4, ...Buffer.from('more')])]);
  const forth = refDelta(first.oid, deltaData(first.body.length, second.body.length, grown));
  const shrunk = copying(first.body.length);
  const back = refDelta(second.oid, deltaData(second.body.length, first.body.length, shrunk));

  /** A copy that has fetched these, one after the other. */
  async function fetched(packs: readonly Buffer[]): Promise<Repository> {
    const repository = await openRepository(await mkdtemp(join(directory, 'thin-')), 1e8);
    const signal = new AbortController().signal;
    const remote = { name: 'https://git.example/acme/fleet', credentials: {} };
    const never = () => Promise.reject(new Error('it is not asked for'));
    for (const pack of packs) {
      const transport: Transport = {
        remote,
        signal,
        advertisement: never,
        push: never,
        async download(_, take) {
          take(
            Buffer.concat([pktLine('NAK\n'), pktLine(Buffer.concat([Buffer.from([1]), pack])), FLUSH_PKT]),
          );
        },
        close() {},
      };
      await fetchPack(repository, transport, Buffer.from('a request'));
    }
    return repository;
  }

  // A server may send what is here already, as a delta on what was a delta on it.
  test('that build on each other are read', async () => {
    const { packs, gitdir } = await fetched([packOf([first]), madePack([forth]), madePack([back])]);
    for (const one of [packs, openPacks(gitdir)]) {
      one.refresh();
      expect(one.read(second.oid)).toEqual(second.body);
      expect(one.read(first.oid)).toEqual(first.body);
      one.rest();
    }
    expect((await readdir(gitdir)).sort()).toEqual(['negotiation', 'objects']);
  });

  // Each fetch brings what changes often as a delta on what the fetch before brought.
  test('do not make reading dearer with each of them', async () => {
    const text = (version: number) => Buffer.from(`version: ${version}\n${'line\n'.repeat(300_000)}`);
    const packs = [packOf([gitObject('blob', text(10))])];
    for (let version = 11; version < 99; version += 1) {
      const [before, after] = [text(version - 1), text(version)];
      const head = after.subarray(0, 12);
      const instructions = Buffer.concat([Buffer.from([12, ...head]), copyingFrom(12, after.length - 12)]);
      packs.push(
        madePack([
          refDelta(gitObject('blob', before).oid, deltaData(before.length, after.length, instructions)),
        ]),
      );
    }
    const { packs: read } = await fetched(packs);
    const last = text(98);
    const spent = read.spent();
    expect(read.readIfSmall(gitObject('blob', last).oid)).toEqual(last);
    expect(read.spent() - spent).toBeLessThan(4 * last.length);
    expect(read.isLacking()).toBe(false);
    read.rest();
  }, 30_000);
});

describe('a pack that is made here', () => {
  test('is taken by Git', async () => {
    const body = fc.sample(fc.uint8Array({ maxLength: 5_000 }), 40).map((bytes) => Buffer.from(bytes));
    const objects = [Buffer.alloc(0), Buffer.alloc(70_000, 'a'), ...body].map((bytes) =>
      gitObject('blob', bytes),
    );
    const target = await createTestRepository(directory, 'target.git', {});
    await run(['git', '-C', target.path, 'unpack-objects', '-q', '--strict'], { input: packOf(objects) });
    for (const { oid, body } of objects) {
      expect((await target.git('cat-file', '-s', oid)).trim()).toBe(String(body.length));
    }
  });
});

describe('a tree', () => {
  test('keeps every byte but the object ids that change', async () => {
    const tree = (await repository.git('rev-parse', 'main:dir')).trim();
    const packs = openPacks(repository.path);
    packs.refresh();
    const before = packs.read(tree);
    const oid = 'ab'.repeat(20);
    const after = parseTree(treeWith(before, new Map([['7.yaml', oid]])).body);
    expect(after).toEqual(
      parseTree(before).map((entry) => (entry.name === '7.yaml' ? { ...entry, oid } : entry)),
    );
    packs.rest();
  });

  test('that is broken off is an error', () => {
    expect(() => parseTree(Buffer.from('100644 a\0short'))).toThrow('broken off');
    expect(() => parseTree(Buffer.from('100644'))).toThrow('broken off');
  });
});

describe('a delta', () => {
  test('that is rubbish is an error or a result of the size it names, never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ maxLength: 64 }), (base, delta) => {
        try {
          applyDelta(Buffer.from(base), Buffer.from([base.length, ...delta]));
        } catch (error) {
          expect(String(error)).toContain('a delta');
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

/** What the lines hold, in chunks of so many bytes; a flush is null. */
function linesOf(bytes: Buffer, chunk = bytes.length): (string | null)[] {
  const lines: (string | null)[] = [];
  const reader = createPktReader((line) => void lines.push(line?.toString() ?? null));
  for (let at = 0; at < bytes.length; at += chunk) reader.push(bytes.subarray(at, at + chunk));
  reader.end();
  return lines;
}

describe('pkt-lines', () => {
  const bytes = Buffer.concat([pktLine('one\n'), Buffer.from('0000'), pktLine(''), pktLine('ü')]);

  test.each([1, 2, 3, 7, 100])('are read back as they were written, in chunks of %i', (chunk) => {
    expect(linesOf(bytes, chunk)).toEqual(['one\n', null, '', 'ü']);
  });

  test.each(['00', 'zzzz', '0010short', '-001'])('that are broken off are an error: %p', (text) => {
    expect(() => linesOf(Buffer.from(text))).toThrow('broken off');
  });

  test('on side bands are told apart, and their words are bounded', () => {
    const data: string[] = [];
    const lines: (string | null)[] = [];
    const bands = createDemultiplexer({
      data: (piece) => void data.push(piece.toString()),
      line: (line) => void lines.push(line?.toString() ?? null),
    });
    const long = Array.from({ length: 100 }, () => pktLine(`\u0002${'w'.repeat(1_000)}`));
    const said = [pktLine('NAK\n'), pktLine('\u0001da'), pktLine('\u0001ta'), pktLine('\u0003gone'), ...long];
    readPktLines(Buffer.concat(said), bands.take);
    expect([data.join(''), lines]).toEqual(['data', ['NAK\n']]);
    expect(bands.error()).toBe('gone');
    expect(bands.words()).toStartWith('gonewww');
    expect(bands.words().length).toBeLessThan(10_000);
  });
});
