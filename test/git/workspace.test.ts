import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { readdir } from 'node:fs/promises';
import { createWorkspace } from '../../src/promote/workspace.ts';
import { failureOf } from '../fakes/failure.ts';
import { createFakeLog } from '../fakes/log.ts';
import { loopbackOutbound } from '../fakes/outbound.ts';
import { waitFor } from '../lab/wait.ts';
import { createTestRepository, type TestRepository } from './repository.ts';
import { type GitServer, startGitServer } from './server.ts';
import { BRANCH, branchUpdate, marked, type TestWorkspace, testWorkspace } from './support.ts';

const FILES = {
  'README.md': 'A repository.\n',
  'apps/podinfo/dev.yaml': marked('1.9.0', 'apps:podinfo:dev'),
  'apps/podinfo/prod.yaml': `# prod\nspec:\n    chart: {}\n    ${marked('1.0.0')}`,
};

let server: GitServer;
let workspace: TestWorkspace;
let repository: TestRepository;
let url: string;
let count = 0;

beforeAll(async () => {
  server = await startGitServer();
});
afterAll(() => server.close());

beforeEach(async () => {
  count += 1;
  repository = await createTestRepository(server.directory, `app-${count}.git`, FILES);
  url = `${server.url}/app-${count}.git`;
  workspace = await testWorkspace();
  server.requests.length = 0;
});
afterEach(async () => {
  server.intercept = undefined;
  await workspace.close();
});

/** The branch's commits that the base has not, newest first. */
async function commitsOf(branch: string): Promise<string[]> {
  return (await repository.git('log', '--format=%H', `main..${branch}`)).split('\n').filter(Boolean);
}

async function changedFiles(branch: string): Promise<string[]> {
  return (await repository.git('diff', '--numstat', 'main', branch)).split('\n').filter(Boolean);
}

function pushes(): number {
  return server.requests.filter(({ line }) => line.startsWith('POST') && line.endsWith('/git-receive-pack'))
    .length;
}

describe('a branch of another pipeline with the same name', () => {
  const as = (owner: string, change = {}) =>
    branchUpdate(url, { message: `Promote\n\nTurnpike-Pipeline: ${owner}\n`, ...change });

  test('is left alone, whether it was pushed by this process or an earlier one', async () => {
    await workspace.updateBranch(as('a-b/c/prod'));
    const tip = await repository.tip(BRANCH);
    const another = await testWorkspace();
    for (const one of [workspace, another]) {
      const failure = await failureOf(one.updateBranch(as('a/b-c/prod', { revision: '3.0.0' })));
      expect(failure).toMatchObject({ code: 'GitRejected', retry: 'never' });
      expect(failure.message).toContain('belongs to another pipeline, a-b/c/prod');
    }
    await another.close();
    expect(await repository.tip(BRANCH)).toBe(tip);
    expect((await workspace.updateBranch(as('a-b/c/prod', { revision: '3.0.0' }))).kind).toBe('pushed');
  });
});

describe('a promotion branch', () => {
  test('is the base plus one commit that changes one scalar', async () => {
    const base = await repository.tip('main');
    const result = await workspace.updateBranch(branchUpdate(url));

    expect(result).toEqual({
      kind: 'pushed',
      commit: (await repository.tip(BRANCH)) ?? '',
      changes: [{ file: 'apps/podinfo/prod.yaml', line: 4, from: '1.0.0', to: '2.0.0' }],
      problems: [],
    });
    expect(await commitsOf(BRANCH)).toHaveLength(1);
    expect((await repository.git('rev-parse', `${BRANCH}^`)).trim()).toBe(base ?? '');
    expect(await repository.tip('main')).toBe(base);
    expect(await changedFiles(BRANCH)).toEqual(['1\t1\tapps/podinfo/prod.yaml']);
    expect(await repository.read(BRANCH, 'apps/podinfo/prod.yaml')).toBe(
      FILES['apps/podinfo/prod.yaml'].replace('1.0.0', '2.0.0'),
    );
    await repository.git('fsck', '--strict', '--full');
  });

  test('has the commit message, author and time that were given', async () => {
    const author = { name: 'Ada <x>\nLovelace', email: 'ada@example.com' };
    await workspace.updateBranch(branchUpdate(url, { author, message: 'Promote\n\nBecause: ü\n\n' }));
    const shown = await repository.git('show', '-s', '--format=%an|%ae|%cn|%at|%ct|%B', BRANCH);
    const time = Date.parse('2026-11-21T10:00:00Z') / 1000;
    expect(shown.trimEnd()).toBe(
      `Ada xLovelace|ada@example.com|Ada xLovelace|${time}|${time}|Promote\n\nBecause: ü`,
    );
  });

  test('is made anew for the next revision, still with one commit', async () => {
    await workspace.updateBranch(branchUpdate(url));
    const result = await workspace.updateBranch(branchUpdate(url, { revision: '3.0.0' }));
    expect(result.kind).toBe('pushed');
    expect(await commitsOf(BRANCH)).toHaveLength(1);
    expect(await repository.read(BRANCH, 'apps/podinfo/prod.yaml')).toContain('version: 3.0.0 #');
  });

  test('is left alone when it is already what it shall be', async () => {
    const first = await workspace.updateBranch(branchUpdate(url));
    const second = await workspace.updateBranch(branchUpdate(url, { now: new Date() }));
    expect(second).toEqual({ ...first, kind: 'unchanged' } as typeof second);
    expect(pushes()).toBe(1);
  });

  test('is left alone too by a process that did not push it', async () => {
    const first = await workspace.updateBranch(branchUpdate(url));
    const restarted = await testWorkspace();
    const second = await restarted.updateBranch(branchUpdate(url, { now: new Date() }));
    await restarted.close();
    expect(second).toEqual({ ...first, kind: 'unchanged' } as typeof second);
    expect(pushes()).toBe(1);
  });

  test('replaces a branch of the same name that someone else made', async () => {
    await repository.commit({ 'other.txt': 'x' }, { branch: BRANCH });
    const result = await workspace.updateBranch(branchUpdate(url));
    expect(result.kind).toBe('pushed');
    expect(await commitsOf(BRANCH)).toHaveLength(1);
    expect(await changedFiles(BRANCH)).toEqual(['1\t1\tapps/podinfo/prod.yaml']);
  });

  test('replaces what someone added on top of it', async () => {
    await workspace.updateBranch(branchUpdate(url));
    await repository.commit({ 'fix.txt': 'x' }, { branch: BRANCH });
    expect((await workspace.updateBranch(branchUpdate(url))).kind).toBe('pushed');
    expect(await commitsOf(BRANCH)).toHaveLength(1);
  });

  test('follows the base, and takes in a file that was marked there meanwhile (BB49)', async () => {
    await workspace.updateBranch(branchUpdate(url));
    const base = await repository.commit({
      'apps/podinfo/prod.yaml': FILES['apps/podinfo/prod.yaml'].replace('1.0.0', '2.0.0'),
      'new/second.yml': marked('1.0.0'),
    });
    const result = await workspace.updateBranch(branchUpdate(url, { revision: '3.0.0' }));
    expect(result).toMatchObject({
      kind: 'pushed',
      changes: [
        { file: 'apps/podinfo/prod.yaml', from: '2.0.0', to: '3.0.0' },
        { file: 'new/second.yml', from: '1.0.0', to: '3.0.0' },
      ],
    });
    expect((await repository.git('rev-parse', `${BRANCH}^`)).trim()).toBe(base);
    await repository.git('fsck', '--strict', '--full');
  });

  test('does not mind a commit that lands on the base between fetch and push (BB50)', async () => {
    server.intercept = (request, real) => {
      if (!request.url.endsWith('/git-receive-pack')) return undefined;
      return repository.commit({ 'late.txt': 'late' }).then(real);
    };
    expect((await workspace.updateBranch(branchUpdate(url))).kind).toBe('pushed');
    server.intercept = undefined;
    expect(await repository.git('show', 'main:late.txt')).toBe('late');
    expect((await workspace.updateBranch(branchUpdate(url))).kind).toBe('pushed');
    expect(await commitsOf(BRANCH)).toHaveLength(1);
  });

  test('is not made when nothing carries the marker (BB51)', async () => {
    const error = await failureOf(
      workspace.updateBranch(branchUpdate(url, { markerKey: 'apps:podinfo:qa' })),
    );
    expect(error).toMatchObject({ code: 'MarkerNotFound', retry: 'never' });
    expect(error.message).toContain(`${url} (branch main)`);
    expect(error.message).toContain('# {"$promotion":"apps:podinfo:qa"}');
    expect(pushes()).toBe(0);
    expect(await repository.tip(BRANCH)).toBeUndefined();
  });

  test('is not made when only a template carries the marker, and the error says where', async () => {
    const key = 'apps:podinfo:qa';
    await repository.commit({
      'chart/x.yaml': `{{- if .on }}\na: 1 # {"$promotion": "${key}"}\n{{- end }}\n`,
    });
    const error = await failureOf(workspace.updateBranch(branchUpdate(url, { markerKey: key })));
    expect(error.code).toBe('MarkerNotFound');
    expect(error.message).toContain('chart/x.yaml: Line 2: the marker is not used');
  });

  test('is not made when the base has the revision already', async () => {
    const result = await workspace.updateBranch(branchUpdate(url, { revision: '1.0.0' }));
    expect(result).toEqual({ kind: 'in-base', problems: [] });
    expect(pushes()).toBe(0);
  });

  test('is never the base branch itself', async () => {
    const error = await failureOf(workspace.updateBranch(branchUpdate(url, { branch: 'main' })));
    expect(error).toMatchObject({ code: 'SpecInvalid', retry: 'never' });
    expect(server.requests).toEqual([]);
  });

  test('is made beside those of other environments at the same time', async () => {
    const environments = ['prod', 'dev', 'qa', 'eu'];
    const files = environments.map(
      (name) => [`x/${name}.yaml`, marked('1.0.0', `apps:other:${name}`)] as const,
    );
    await repository.commit(Object.fromEntries(files));
    const results = await Promise.all(
      environments.map((name) =>
        workspace.updateBranch(branchUpdate(url, { branch: `p-${name}`, markerKey: `apps:other:${name}` })),
      ),
    );
    expect(results.map(({ kind }) => kind)).toEqual(environments.map(() => 'pushed'));
    for (const name of environments) {
      expect(await commitsOf(`p-${name}`)).toHaveLength(1);
      expect(await changedFiles(`p-${name}`)).toEqual([`1\t1\tx/${name}.yaml`]);
    }
  });

  test('keeps modes, links, submodules, odd names and the order of entries', async () => {
    const submodule = '1234567890123456789012345678901234567890';
    await repository.commit({
      'x/run.yaml': { mode: '100755', content: `#!/bin/x\n${marked('1.0.0')}` },
      'x/link.yaml': { mode: '120000', content: '../apps/podinfo/prod.yaml' },
      'x/trap.yaml': { mode: '120000', content: marked('1.0.0') },
      'x/module': { mode: '160000', content: submodule },
      'x.yaml': marked('1.0.0'),
      'x-y/a ü.yml': marked('1.0.0'),
      'x/marked.txt': marked('1.0.0'),
    });
    const result = await workspace.updateBranch(branchUpdate(url));
    expect(result.kind === 'pushed' && result.changes.map(({ file }) => file).sort()).toEqual([
      'apps/podinfo/prod.yaml',
      'x-y/a ü.yml',
      'x.yaml',
      'x/run.yaml',
    ]);
    const modes = async (branch: string) =>
      (await repository.git('ls-tree', '-r', '-z', branch))
        .split('\0')
        .map((line) => line.replace(/[0-9a-f]{40}/, ''));
    expect(await modes(BRANCH)).toEqual(await modes('main'));
    await repository.git('fsck', '--strict', '--full');
  });

  test('leaves a file that cannot be used alone and reports it', async () => {
    await repository.commit({ 'deep.yaml': `${'- '.repeat(200)}${marked('1.0.0')}` });
    const result = await workspace.updateBranch(branchUpdate(url));
    expect(result.problems).toEqual([expect.stringContaining('deep.yaml: The file nests deeper')]);
    expect(result.kind).toBe('pushed');
  });

  test('is tried again when it moved while it was being pushed', async () => {
    let once = true;
    server.intercept = (request, real) => {
      if (!once || !request.url.endsWith('/git-receive-pack')) return undefined;
      once = false;
      return repository.commit({ 'race.txt': 'x' }, { branch: BRANCH }).then(real);
    };
    const result = await workspace.updateBranch(branchUpdate(url));
    expect(result.kind).toBe('pushed');
    expect(pushes()).toBe(2);
    expect(await commitsOf(BRANCH)).toHaveLength(1);
  });

  test('is given up after three such races', async () => {
    let number = 0;
    server.intercept = (request, real) => {
      if (!request.url.endsWith('/git-receive-pack')) return undefined;
      number += 1;
      return repository.commit({ 'race.txt': String(number) }, { branch: BRANCH }).then(real);
    };
    const error = await failureOf(workspace.updateBranch(branchUpdate(url)));
    expect(error).toMatchObject({ code: 'GitRejected', retry: 'backoff' });
    expect(number).toBe(3);
  });
});

describe('the copies of repositories', () => {
  test('are fetched whole once, then only what is new', async () => {
    await workspace.updateBranch(branchUpdate(url));
    const sizes: number[] = [];
    server.intercept = (request, real) =>
      request.url.endsWith('/git-upload-pack')
        ? real().then(async (answer) => {
            const bytes = await answer.arrayBuffer();
            sizes.push(bytes.byteLength);
            return new Response(bytes, { headers: answer.headers });
          })
        : undefined;
    const noise = Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`n/${i}.txt`, crypto.randomUUID()]),
    );
    await repository.commit(noise);
    await workspace.updateBranch(branchUpdate(url));
    await repository.commit({ 'one.txt': 'x' });
    await workspace.updateBranch(branchUpdate(url));
    expect(sizes).toHaveLength(2);
    expect(sizes[1]).toBeLessThan(1000);
  });

  test('are made anew when they are damaged', async () => {
    await workspace.updateBranch(branchUpdate(url));
    const [copy = ''] = await Array.fromAsync(
      new Bun.Glob('*.git').scan({ cwd: workspace.directory, onlyFiles: false }),
    );
    for (const file of new Bun.Glob(`${copy}/objects/pack/*.pack`).scanSync({ cwd: workspace.directory })) {
      await Bun.write(`${workspace.directory}/${file}`, 'rubbish');
    }
    const update = { branch: 'promotion-dev', markerKey: 'apps:podinfo:dev' };
    const result = await workspace.updateBranch(branchUpdate(url, update));
    expect(result).toMatchObject({ kind: 'pushed', changes: [{ from: '1.9.0', to: '2.0.0' }] });
    expect(workspace.lines.join()).toContain('is damaged');
  });

  test('are removed, the least recently used first, when they take too much room', async () => {
    const small = await testWorkspace({ maxBytes: 6_000 });
    const noise = { 'noise.txt': crypto.getRandomValues(Buffer.alloc(2_000)).toString('base64') };
    const names = ['one', 'two', 'three', 'four'];
    for (const name of names) {
      await createTestRepository(server.directory, `${name}-${count}.git`, { ...FILES, ...noise });
      await small.updateBranch(branchUpdate(`${server.url}/${name}-${count}.git`));
    }
    const left = await waitFor('copies to be removed', async () => {
      const copies = await readdir(small.directory);
      return copies.length < names.length ? { done: copies } : { saw: copies };
    });
    expect(left.length).toBeGreaterThan(0);
    expect((await small.updateBranch(branchUpdate(`${server.url}/one-${count}.git`))).kind).toBe('unchanged');
    await small.close();
  });

  test('of an earlier process are removed, and nothing else', async () => {
    const old = `${'a'.repeat(64)}.git`;
    await Bun.write(`${workspace.directory}/${old}/config`, 'x');
    await Bun.write(`${workspace.directory}/precious.git/config`, 'x');
    await workspace.updateBranch(branchUpdate(url));
    expect(await Bun.file(`${workspace.directory}/${old}/config`).exists()).toBe(false);
    expect(await Bun.file(`${workspace.directory}/precious.git/config`).exists()).toBe(true);
  });

  test('need a directory that can be written', async () => {
    const nowhere = await testWorkspace({ directory: '/dev/null/copies' });
    const error = await failureOf(nowhere.updateBranch(branchUpdate(url)));
    expect(error).toMatchObject({ code: 'ConfigInvalid', retry: 'backoff' });
    expect(error.message).toContain('--git-cache-dir');
  });

  test('are gone after closing', async () => {
    const { log } = createFakeLog();
    const deps = { outbound: loopbackOutbound(), directory: workspace.directory, maxBytes: 1024 ** 2, log };
    const other = createWorkspace(deps);
    await other.updateBranch(branchUpdate(url));
    expect(await readdir(workspace.directory)).toHaveLength(1);
    await other.close();
    expect(await readdir(workspace.directory)).toEqual([]);
  });
});
