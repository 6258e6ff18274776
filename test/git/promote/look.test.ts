import { describe, expect, test } from 'bun:test';
import type { BaseLook } from '../../../src/promote/branch/port.ts';
import { failureOf } from '../../fakes/failure.ts';
import { startGitServer } from '../stage/server.ts';
import { gitStage } from '../stage/stage.ts';
import { BRANCH, branchUpdate, KEY, marked } from '../stage/support.ts';

const stage = gitStage({
  'a.yaml': marked('1.0.0'),
  'b.yaml': marked('"1.1.0"'),
  'values.yaml': 'image:\n  tag: 1.2.0\n',
});
const FILES = [{ path: 'values.yaml', field: 'image.tag' }];

function inspect(changed: Partial<BaseLook> = {}) {
  return stage.branches.inspect({ ...branchUpdate(stage.url), ...changed });
}

function hasBranch(branch: string, url = stage.url) {
  return stage.branches.hasBranch({ url, branch, credentials: {} });
}

const lines = () => stage.server.requests.map(({ line }) => line.replace(/ \S*\/(?=info|git-)/, ' '));

describe('a look for a branch', () => {
  test('says whether it is there, with one request of those who may only read', async () => {
    expect(await hasBranch('main')).toBe(true);
    expect(await hasBranch('mai')).toBe(false);
    expect(await hasBranch('heads/main')).toBe(false);
    expect(lines()).toEqual(Array(3).fill('GET info/refs?service=git-upload-pack'));
  });

  test('sees that a branch was deleted since', async () => {
    await stage.repository.git('branch', 'release', 'main');
    expect(await hasBranch('release')).toBe(true);
    await stage.repository.git('branch', '-D', 'release');
    expect(await hasBranch('release')).toBe(false);
  });

  test('finds none in an empty repository', async () => {
    await stage.repository.git('update-ref', '-d', 'refs/heads/main');
    expect(await hasBranch('main')).toBe(false);
  });

  test.each([
    ['a repository that is not there', 'GitRepositoryNotFound', () => hasBranch('main', `${stage.url}-none`)],
    ['a name that no branch can have', 'SpecInvalid', () => hasBranch('a..b')],
    ['an address that is not allowed', 'HostNotAllowed', () => hasBranch('main', 'https://127.0.0.2/x.git')],
  ])('fails for %s', async (_, code, look) => {
    expect(await failureOf(look())).toMatchObject({ code });
  });

  test('fails for credentials that the server refuses', async () => {
    const server = await startGitServer({ login: 'ann:secret' });
    const failure = await failureOf(hasBranch('main', `${server.url}/x.git`));
    await server.close();
    expect(failure).toMatchObject({ code: 'GitUnauthorized', retry: 'never' });
  });

  test('ends with its signal', async () => {
    const signal = AbortSignal.abort(new Error('no longer asked for'));
    const look = stage.branches.hasBranch({ url: stage.url, branch: 'main', credentials: {}, signal });
    await expect(look).rejects.toThrow('no longer asked for');
    expect(lines()).toEqual([]);
  });
});

describe('a look at the base branch', () => {
  test('gives the values that stand where the revision does not, each once', async () => {
    expect(await inspect()).toEqual({ kind: 'differs', values: ['1.0.0', '1.1.0'] });
    expect(await inspect({ revision: '1.0.0' })).toEqual({ kind: 'partly', values: ['1.1.0'] });
    expect(await inspect({ files: FILES })).toEqual({ kind: 'differs', values: ['1.0.0', '1.1.0', '1.2.0'] });
    expect(await inspect({ markerKey: 'apps:none:prod', files: FILES, revision: '1.2.0' })).toEqual({
      kind: 'in-base',
    });
  });

  test('gives five of them', async () => {
    const more = Array.from({ length: 9 }, (_, n) => [`more/${n}.yaml`, marked(`0.${n}.0`)] as const);
    await stage.repository.commit(Object.fromEntries(more));
    const state = await inspect();
    expect(state.kind === 'differs' && state.values).toHaveLength(5);
  });

  test('sees a merge, and that it was reverted', async () => {
    const result = await stage.branches.updateBranch(branchUpdate(stage.url));
    expect((await inspect()).kind).toBe('differs');
    await stage.repository.git('update-ref', 'refs/heads/main', 'commit' in result ? result.commit : '');
    expect(await inspect()).toEqual({ kind: 'in-base' });
    await stage.repository.commit({ 'a.yaml': marked('1.0.0'), 'b.yaml': marked('"1.1.0"') });
    expect(await inspect()).toEqual({ kind: 'differs', values: ['1.0.0', '1.1.0'] });
  });

  test('pushes nothing and asks for no right to push', async () => {
    await inspect();
    expect(lines().filter((line) => line.includes('receive-pack'))).toEqual([]);
    expect(await stage.repository.tip(BRANCH)).toBeUndefined();
  });

  test('shares the copy with promotions: what has not moved is not fetched again', async () => {
    await stage.branches.updateBranch(branchUpdate(stage.url));
    stage.server.requests.length = 0;
    await inspect();
    expect(lines()).toEqual(['GET info/refs?service=git-upload-pack']);
    await stage.repository.commit({ 'README.md': 'Moved.\n' });
    await inspect();
    await stage.branches.updateBranch(branchUpdate(stage.url));
    expect(lines().filter((line) => line === 'POST git-upload-pack')).toHaveLength(1);
  });

  test.each([
    ['a base branch that is gone', 'GitBranchNotFound', { baseBranch: 'gone' }],
    ['a base branch without a place for the revision', 'MarkerNotFound', { markerKey: 'apps:none:prod' }],
    ['a path that cannot be read', 'SpecInvalid', { files: [{ path: 'a/[', field: '][' }] }],
    ['a name that no branch can have', 'SpecInvalid', { baseBranch: '.lock' }],
  ])('fails for %s', async (_, code, changed) => {
    expect(await failureOf(inspect(changed))).toMatchObject({ code, retry: 'never' });
  });

  test('says where the marker belongs', async () => {
    await stage.repository.commit({ 'a.yaml': 'a: 1\n', 'b.yaml': 'b: 1\n' });
    const failure = await failureOf(inspect());
    expect(failure.message).toContain(
      `${stage.url} (branch main) carries the marker # {"$promotion":"${KEY}"}`,
    );
  });

  test('makes a damaged copy anew', async () => {
    await inspect();
    const { directory } = stage.branches;
    for (const pack of new Bun.Glob('*.git/objects/pack/*.pack').scanSync({ cwd: directory })) {
      await Bun.write(`${directory}/${pack}`, 'rubbish');
    }
    await stage.repository.commit({ 'c.yaml': marked('0.9.0') });
    expect(await inspect()).toMatchObject({ kind: 'differs', values: expect.arrayContaining(['0.9.0']) });
  });
});
