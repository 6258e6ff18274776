import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failureOf } from '../../fakes/failure.ts';
import { boundedOutbound, loopbackOutbound } from '../../fakes/outbound.ts';
import { createTestRepository, type TestRepository } from '../stage/repository.ts';
import { run } from '../stage/run.ts';
import { type GitServer, startGitServer } from '../stage/server.ts';
import { branchUpdate, marked, testBranches } from '../stage/support.ts';

const MIB = 1024 * 1024;
const FILES = { 'a.yaml': marked('1.0.0') };

let server: GitServer;
let repository: TestRepository;
let url: string;
let count = 0;

beforeAll(async () => {
  server = await startGitServer();
});
afterAll(() => server.close());

beforeEach(async () => {
  count += 1;
  server.intercept = undefined;
  repository = await createTestRepository(server.directory, `app-${count}.git`, FILES);
  url = `${server.url}/app-${count}.git`;
});

describe('a repository', () => {
  test('whose pack is larger than its bound is refused, and the copy stays as it was', async () => {
    const outbound = boundedOutbound(loopbackOutbound(), 100_000);
    const branches = await testBranches({ outbound });
    expect((await branches.updateBranch(branchUpdate(url))).kind).toBe('pushed');
    const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(60_000))).toString('hex');
    const base = await repository.tip('main');
    await repository.commit({ 'one.bin': noise, 'two.bin': noise.split('').toReversed().join('') });
    const error = await failureOf(branches.updateBranch(branchUpdate(url, { revision: '3.0.0' })));
    expect(error).toMatchObject({ code: 'GitTooLarge', retry: 'never' });
    expect(error.message).toBe(`${url}/git-upload-pack answered with more than 100000 bytes.`);
    await repository.git('update-ref', 'refs/heads/main', base ?? '');
    expect((await branches.updateBranch(branchUpdate(url, { revision: '3.0.0' }))).kind).toBe('pushed');
    await branches.close();
  });

  test('with files that are too large to be read is promoted in all the same', async () => {
    const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(10 * MIB))).toString('hex');
    await repository.commit({ 'zeros.bin': '0'.repeat(65 * MIB), 'noise.bin': noise });
    const branches = await testBranches();
    expect((await branches.updateBranch(branchUpdate(url))).kind).toBe('pushed');
    // It comes as a delta on what is here.
    await repository.commit({ 'noise.bin': `${noise}more` });
    const next = branchUpdate(url, { revision: '3.0.0' });
    expect((await branches.updateBranch(next)).kind).toBe('pushed');
    expect(branches.lines.join('\n')).not.toContain('is damaged');
    await branches.close();
  }, 60_000);

  test('that a small pack becomes is refused before it is in memory', async () => {
    const files = ['a', 'b', 'c', 'd'].map((letter) => [`${letter}.bin`, letter.repeat(65 * MIB)] as const);
    await repository.commit(Object.fromEntries(files));
    const branches = await testBranches();
    const error = await failureOf(branches.updateBranch(branchUpdate(url)));
    expect(error).toMatchObject({ code: 'GitTooLarge', retry: 'never' });
    expect(error.message).toStartWith(
      `${url} has files of more than 256 MiB in all: promote in a repository`,
    );
    await branches.close();
  }, 60_000);

  test('that is larger than --git-max-pack-size is refused', async () => {
    const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(2 * MIB))).toString('hex');
    await repository.commit({ 'noise.bin': noise });
    const branches = await testBranches({ maxPackBytes: MIB });
    const error = await failureOf(branches.updateBranch(branchUpdate(url)));
    expect(error).toMatchObject({ code: 'GitTooLarge', retry: 'never' });
    expect(error.message).toStartWith(`${url} takes more than 1 MiB to be fetched: promote in a repository`);
    await branches.close();
  });

  test.each([
    [
      'whose directories are nested too deep',
      { files: { [`${'d/'.repeat(101)}a.yaml`]: 'a: 1\n' } },
      ' has more than 500000 files or 100 levels of directories.',
    ],
    [
      'whose commit is too large to be read',
      { files: FILES, message: 'x'.repeat(33 * MIB) },
      'A commit or directory in the repository is larger than 16777216 bytes.',
    ],
  ])('%s is refused', async (_, { files, ...options }, sentence) => {
    await repository.commit(files, options);
    const branches = await testBranches();
    const error = await failureOf(branches.updateBranch(branchUpdate(url)));
    expect(error).toMatchObject({ code: 'GitTooLarge', retry: 'never' });
    expect(error.message).toEndWith(sentence);
    await branches.close();
  });
});

describe('a cache directory', () => {
  /** Whether a process may mount directories for itself alone. */
  const mayMount =
    Bun.which('unshare') !== null &&
    Bun.spawnSync(['unshare', '--mount', '--map-root-user', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()])
      .success;
  let mounted: string;

  beforeAll(async () => {
    mounted = await mkdtemp(join(tmpdir(), 'turnpike-mounted-'));
  });
  afterAll(() => rm(mounted, { recursive: true, force: true }));

  async function promoteOn(options: string): Promise<unknown> {
    const script = `mount -t tmpfs -o ${options} tmpfs "$1" && exec "$2" "$3" "$1" "$4"`;
    const program = [process.execPath, join(import.meta.dir, '../stage/promote-once.ts'), url];
    const unshare = ['unshare', '--mount', '--map-root-user', 'sh', '-c', script, 'sh', mounted, ...program];
    return JSON.parse(await run(unshare));
  }

  test.skipIf(!mayMount)('that is full is named, with what to do', async () => {
    const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(MIB))).toString('base64');
    await repository.commit({ 'noise.bin': noise });
    expect(await promoteOn('size=256k')).toEqual({
      code: 'ConfigInvalid',
      retry: 'backoff',
      message: `The disk of ${mounted}, the directory of --git-cache-dir, is full: free some space there, or set --git-cache-max-size to what it can hold.`,
    });
    expect(await promoteOn('size=16m')).toEqual({ kind: 'pushed' });
  });

  test.skipIf(!mayMount)('that cannot be written is named', async () => {
    expect(await promoteOn('ro')).toMatchObject({
      code: 'ConfigInvalid',
      retry: 'backoff',
      message: expect.stringMatching(
        /^The directory of --git-cache-dir cannot be used: EROFS: read-only file system/,
      ),
    });
  });
});
