import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Negotiation, negotiate, prepareNegotiation } from '../../../src/lib/git/negotiate.ts';
import { readPktLines } from '../../../src/lib/git/protocol/pktline.ts';

const TIP = 'a'.repeat(40);
const HAVE = 'b'.repeat(40);
const SOURCE = join(import.meta.dir, '../../../src');

let gitdir: string;

beforeEach(async () => {
  gitdir = await mkdtemp(join(tmpdir(), 'turnpike-negotiate-'));
  await prepareNegotiation(gitdir);
});
afterEach(() => rm(gitdir, { recursive: true, force: true }));

/** The lines of the request, a flush as ''. */
async function asked(more: Partial<Negotiation>): Promise<string[]> {
  const lines: string[] = [];
  await negotiate({
    gitdir,
    url: 'ssh://git@git.example/acme/apps',
    branch: 'main',
    tip: TIP,
    capabilities: new Set(['shallow', 'side-band-64k', 'thin-pack', 'symref=HEAD:refs/heads/../x']),
    depth: 1,
    haves: new Set(),
    async ask(request) {
      readPktLines(request, (line) => void lines.push(line?.toString().trimEnd() ?? ''));
      return [`shallow ${TIP}`, null, 'NAK'];
    },
    ...more,
  });
  return lines;
}

test('asks for the tip alone, at the depth that is wanted', async () => {
  const lines = await asked({ depth: 3 });
  expect(lines.filter((line) => line.startsWith('want '))).toEqual([expect.stringContaining(`want ${TIP}`)]);
  expect(lines).toContain('deepen 3');
  expect(lines.at(-1)).toBe('done');
});

test('names what is here, and takes deltas on it from a server that makes them', async () => {
  const lines = await asked({ haves: new Set([HAVE]) });
  expect(lines.slice(-2)).toEqual([`have ${HAVE}`, 'done']);
  expect(lines[0]).toEndWith(' thin-pack');
  const [first] = await asked({ capabilities: new Set(['shallow', 'side-band-64k']) });
  expect(first).not.toContain('thin-pack');
});

test('says again which commits are cut off, which a server must know to send what they lack', async () => {
  await asked({});
  expect(await asked({ haves: new Set([TIP]) })).toContain(`shallow ${TIP}`);
});

test('passes on what asking throws', async () => {
  const failed = asked({ ask: () => Promise.reject(new Error('the host is away')) });
  await expect(failed).rejects.toThrow('the host is away');
});

test('is all that knows of isomorphic-git', async () => {
  const found: string[] = [];
  for (const file of new Bun.Glob('**/*.ts').scanSync(SOURCE)) {
    if (/from 'isomorphic-git/.test(await Bun.file(join(SOURCE, file)).text())) found.push(file);
  }
  expect(found).toEqual(['lib/git/negotiate.ts']);
});
