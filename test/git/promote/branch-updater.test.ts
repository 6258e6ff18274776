import { describe, expect, test } from 'bun:test';
import { readdir } from 'node:fs/promises';
import { createBranchUpdater } from '../../../src/promote/branch/branch-updater.ts';
import { failureOf } from '../../fakes/failure.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { loopbackOutbound } from '../../fakes/outbound.ts';
import { createFakeSchedule } from '../../fakes/schedule.ts';
import { waitFor } from '../../lab/wait.ts';
import { createTestRepository } from '../stage/repository.ts';
import { gitStage } from '../stage/stage.ts';
import { BRANCH, branchUpdate, marked, testBranches } from '../stage/support.ts';

const FILES = {
  'README.md': 'A repository.\n',
  'apps/podinfo/dev.yaml': marked('1.9.0', 'apps:podinfo:dev'),
  'apps/podinfo/prod.yaml': `# prod\nspec:\n    chart: {}\n    ${marked('1.0.0')}`,
};

const stage = gitStage(FILES);

/** The branch's commits that the base has not, newest first. */
async function commitsOf(branch: string): Promise<string[]> {
  return (await stage.repository.git('log', '--format=%H', `main..${branch}`)).split('\n').filter(Boolean);
}

async function changedFiles(branch: string): Promise<string[]> {
  return (await stage.repository.git('diff', '--numstat', 'main', branch)).split('\n').filter(Boolean);
}

function pushes(): number {
  return stage.server.requests.filter(
    ({ line }) => line.startsWith('POST') && line.endsWith('/git-receive-pack'),
  ).length;
}

describe('a branch of another pipeline with the same name', () => {
  const as = (owner: string, change = {}) =>
    branchUpdate(stage.url, { message: `Promote\n\nTurnpike-Pipeline: ${owner}\n`, ...change });

  test('is left alone, whether it was pushed by this process or an earlier one', async () => {
    await stage.branches.updateBranch(as('a-b/c/prod'));
    const tip = await stage.repository.tip(BRANCH);
    const another = await testBranches();
    for (const one of [stage.branches, another]) {
      const failure = await failureOf(one.updateBranch(as('a/b-c/prod', { revision: '3.0.0' })));
      expect(failure).toMatchObject({ code: 'GitRejected', retry: 'never' });
      expect(failure.message).toContain('belongs to another pipeline, a-b/c/prod');
    }
    await another.close();
    expect(await stage.repository.tip(BRANCH)).toBe(tip);
    expect((await stage.branches.updateBranch(as('a-b/c/prod', { revision: '3.0.0' }))).kind).toBe('pushed');
  });

  test('is left alone also by one whose template says that it is the other one', async () => {
    await stage.branches.updateBranch(as('a-b/c/prod'));
    const tip = await stage.repository.tip(BRANCH);
    const another = await testBranches();
    const message = 'Promote\n\nTurnpike-Pipeline: a-b/c/prod\n\nTurnpike-Pipeline: a/b-c/prod\n';
    for (const one of [stage.branches, another]) {
      const failure = await failureOf(one.updateBranch(as('', { revision: '3.0.0', message })));
      expect(failure.message).toContain('belongs to another pipeline, a-b/c/prod');
    }
    await another.close();
    expect(await stage.repository.tip(BRANCH)).toBe(tip);
  });

  test('is known for its own by one whose template has lines of ours', async () => {
    const replaced = `Promote\n\nTurnpike-Replaces: ${'a'.repeat(40)}\nTurnpike-Keeps: ${'b'.repeat(40)}`;
    const message = `${replaced}\n\nTurnpike-Pipeline: a/b-c/prod\n`;
    await stage.branches.updateBranch(as('', { message }));
    const another = await testBranches();
    // Neither the revision of before nor the commit is recorded, so that the commit alone can tell.
    const next = await another.updateBranch(as('', { message, revision: '3.0.0' }));
    await another.close();
    expect(next).toMatchObject({ kind: 'pushed' });
    expect(next).not.toHaveProperty('others');
  });
});

describe('a promotion branch', () => {
  test('is the base plus one commit that changes one scalar', async () => {
    const base = await stage.repository.tip('main');
    const result = await stage.branches.updateBranch(branchUpdate(stage.url));

    expect(result).toEqual({
      kind: 'pushed',
      commit: (await stage.repository.tip(BRANCH)) ?? '',
      changes: [{ file: 'apps/podinfo/prod.yaml', line: 4, from: '1.0.0', to: '2.0.0' }],
      problems: [],
    });
    expect(await commitsOf(BRANCH)).toHaveLength(1);
    expect((await stage.repository.git('rev-parse', `${BRANCH}^`)).trim()).toBe(base ?? '');
    expect(await stage.repository.tip('main')).toBe(base);
    expect(await changedFiles(BRANCH)).toEqual(['1\t1\tapps/podinfo/prod.yaml']);
    expect(await stage.repository.read(BRANCH, 'apps/podinfo/prod.yaml')).toBe(
      FILES['apps/podinfo/prod.yaml'].replace('1.0.0', '2.0.0'),
    );
    await stage.repository.git('fsck', '--strict', '--full');
  });

  test('has the commit message, author and time that were given', async () => {
    const author = { name: 'Ada <x>\nLovelace', email: 'ada@example.com' };
    await stage.branches.updateBranch(
      branchUpdate(stage.url, { author, message: 'Promote\n\nBecause: ü\n\n' }),
    );
    const shown = await stage.repository.git('show', '-s', '--format=%an|%ae|%cn|%at|%ct|%B', BRANCH);
    const time = Date.parse('2026-11-21T10:00:00Z') / 1000;
    expect(shown.trimEnd()).toBe(
      `Ada xLovelace|ada@example.com|Ada xLovelace|${time}|${time}|Promote\n\nBecause: ü`,
    );
  });

  test('is made anew for the next revision, still with one commit', async () => {
    await stage.branches.updateBranch(branchUpdate(stage.url));
    const result = await stage.branches.updateBranch(branchUpdate(stage.url, { revision: '3.0.0' }));
    expect(result.kind).toBe('pushed');
    expect(await commitsOf(BRANCH)).toHaveLength(1);
    expect(await stage.repository.read(BRANCH, 'apps/podinfo/prod.yaml')).toContain('version: 3.0.0 #');
  });

  test('is left alone when it is already what it shall be', async () => {
    const first = await stage.branches.updateBranch(branchUpdate(stage.url));
    const second = await stage.branches.updateBranch(branchUpdate(stage.url, { now: new Date() }));
    expect(second).toEqual({ ...first, kind: 'unchanged' } as typeof second);
    expect(pushes()).toBe(1);
  });

  test('is left alone too by a process that did not push it', async () => {
    const first = await stage.branches.updateBranch(branchUpdate(stage.url));
    const restarted = await testBranches();
    const second = await restarted.updateBranch(branchUpdate(stage.url, { now: new Date() }));
    await restarted.close();
    expect(second).toEqual({ ...first, kind: 'unchanged' } as typeof second);
    expect(pushes()).toBe(1);
  });

  test('follows the base, and takes in a file that was marked there meanwhile (BB49)', async () => {
    await stage.branches.updateBranch(branchUpdate(stage.url));
    const base = await stage.repository.commit({
      'apps/podinfo/prod.yaml': FILES['apps/podinfo/prod.yaml'].replace('1.0.0', '2.0.0'),
      'new/second.yml': marked('1.0.0'),
    });
    const result = await stage.branches.updateBranch(branchUpdate(stage.url, { revision: '3.0.0' }));
    expect(result).toMatchObject({
      kind: 'pushed',
      changes: [
        { file: 'apps/podinfo/prod.yaml', from: '2.0.0', to: '3.0.0' },
        { file: 'new/second.yml', from: '1.0.0', to: '3.0.0' },
      ],
    });
    expect((await stage.repository.git('rev-parse', `${BRANCH}^`)).trim()).toBe(base);
    await stage.repository.git('fsck', '--strict', '--full');
  });

  test('does not mind a commit that lands on the base between fetch and push (BB50)', async () => {
    stage.server.intercept = (request, real) => {
      if (!request.url.endsWith('/git-receive-pack')) return undefined;
      return stage.repository.commit({ 'late.txt': 'late' }).then(real);
    };
    expect((await stage.branches.updateBranch(branchUpdate(stage.url))).kind).toBe('pushed');
    stage.server.intercept = undefined;
    expect(await stage.repository.git('show', 'main:late.txt')).toBe('late');
    expect((await stage.branches.updateBranch(branchUpdate(stage.url))).kind).toBe('pushed');
    expect(await commitsOf(BRANCH)).toHaveLength(1);
  });

  test('is not made when nothing carries the marker (BB51)', async () => {
    const error = await failureOf(
      stage.branches.updateBranch(branchUpdate(stage.url, { markerKey: 'apps:podinfo:qa' })),
    );
    expect(error).toMatchObject({ code: 'MarkerNotFound', retry: 'never' });
    expect(error.message).toContain(`${stage.url} (branch main)`);
    expect(error.message).toContain('# {"$promotion":"apps:podinfo:qa"}');
    expect(pushes()).toBe(0);
    expect(await stage.repository.tip(BRANCH)).toBeUndefined();
  });

  test('is not made when only a template carries the marker, and the error says where', async () => {
    const key = 'apps:podinfo:qa';
    await stage.repository.commit({
      'chart/x.yaml': `{{- if .on }}\na: 1 # {"$promotion": "${key}"}\n{{- end }}\n`,
    });
    const error = await failureOf(stage.branches.updateBranch(branchUpdate(stage.url, { markerKey: key })));
    expect(error.code).toBe('MarkerNotFound');
    expect(error.message).toContain('chart/x.yaml: Line 2: the marker is not used');
  });

  test('is not made when the base has the revision already', async () => {
    const result = await stage.branches.updateBranch(branchUpdate(stage.url, { revision: '1.0.0' }));
    expect(result).toEqual({ kind: 'in-base', problems: [] });
    expect(pushes()).toBe(0);
  });

  test('is looked up while the promotion is being recorded, and pushed when it is', async () => {
    const { schedule, pass } = createFakeSchedule();
    await using branches = await testBranches({ schedule });
    const prepared = await branches.prepare(branchUpdate(stage.url));
    const looks = stage.server.requests.length;
    expect(looks).toBeGreaterThan(0);
    await pass(0.49);
    expect(await stage.repository.tip(BRANCH)).toBeUndefined();
    expect((await prepared.push()).kind).toBe('pushed');
    expect(await stage.repository.tip(BRANCH)).toBeDefined();
    // It is not looked at again.
    expect(stage.server.requests.length).toBe(looks + 1);
  });

  test('is prepared anew when it is wanted only after others went without it', async () => {
    const { schedule, pass } = createFakeSchedule();
    await using branches = await testBranches({ schedule });
    const prepared = await branches.prepare(branchUpdate(stage.url));
    await pass(0.5);
    await stage.repository.commit({ 'README.md': 'Somebody was here.\n' });
    expect((await prepared.push()).kind).toBe('pushed');
    expect(await stage.repository.git('rev-parse', `${BRANCH}^`)).toBe(
      `${await stage.repository.tip('main')}\n`,
    );
  });

  test('is not pushed when it is given up after it was prepared', async () => {
    const prepared = await stage.branches.prepare(branchUpdate(stage.url));
    prepared.discard();
    const begun = performance.now();
    await stage.branches.inspect({ ...branchUpdate(stage.url), revision: '1.0.0' });
    expect(performance.now() - begun).toBeLessThan(400);
    expect(await stage.repository.tip(BRANCH)).toBeUndefined();
  });

  test('is never the base branch itself', async () => {
    const error = await failureOf(stage.branches.updateBranch(branchUpdate(stage.url, { branch: 'main' })));
    expect(error).toMatchObject({ code: 'SpecInvalid', retry: 'never' });
    expect(stage.server.requests).toEqual([]);
  });

  test('is made beside those of other environments at the same time', async () => {
    const environments = ['prod', 'dev', 'qa', 'eu'];
    const files = environments.map(
      (name) => [`x/${name}.yaml`, marked('1.0.0', `apps:other:${name}`)] as const,
    );
    await stage.repository.commit(Object.fromEntries(files));
    const results = await Promise.all(
      environments.map((name) =>
        stage.branches.updateBranch(
          branchUpdate(stage.url, { branch: `p-${name}`, markerKey: `apps:other:${name}` }),
        ),
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
    await stage.repository.commit({
      'x/run.yaml': { mode: '100755', content: `#!/bin/x\n${marked('1.0.0')}` },
      'x/link.yaml': { mode: '120000', content: '../apps/podinfo/prod.yaml' },
      'x/trap.yaml': { mode: '120000', content: marked('1.0.0') },
      'x/module': { mode: '160000', content: submodule },
      'x.yaml': marked('1.0.0'),
      'x-y/a ü.yml': marked('1.0.0'),
      'x/marked.txt': marked('1.0.0'),
    });
    const result = await stage.branches.updateBranch(branchUpdate(stage.url));
    expect(result.kind === 'pushed' && result.changes.map(({ file }) => file).sort()).toEqual([
      'apps/podinfo/prod.yaml',
      'x-y/a ü.yml',
      'x.yaml',
      'x/run.yaml',
    ]);
    const modes = async (branch: string) =>
      (await stage.repository.git('ls-tree', '-r', '-z', branch))
        .split('\0')
        .map((line) => line.replace(/[0-9a-f]{40}/, ''));
    expect(await modes(BRANCH)).toEqual(await modes('main'));
    await stage.repository.git('fsck', '--strict', '--full');
  });

  test('leaves a file that cannot be used alone and reports it', async () => {
    await stage.repository.commit({ 'deep.yaml': `${'- '.repeat(200)}${marked('1.0.0')}` });
    const result = await stage.branches.updateBranch(branchUpdate(stage.url));
    expect(result.problems).toEqual([expect.stringContaining('deep.yaml: The file nests deeper')]);
    expect(result.kind).toBe('pushed');
  });

  test('is tried again when it appeared while it was being pushed', async () => {
    let once = true;
    stage.server.intercept = (request, real) => {
      if (!once || !request.url.endsWith('/git-receive-pack')) return undefined;
      once = false;
      return stage.repository.git('branch', BRANCH, 'main').then(real);
    };
    const result = await stage.branches.updateBranch(branchUpdate(stage.url));
    expect(result.kind).toBe('pushed');
    expect(pushes()).toBe(2);
    expect(await commitsOf(BRANCH)).toHaveLength(1);
  });

  test('is given up after three such races', async () => {
    let number = 0;
    stage.server.intercept = (request, real) => {
      if (!request.url.endsWith('/git-receive-pack')) return undefined;
      number += 1;
      const files = { 'race.txt': String(number), 'race.yaml': marked('1.0.0') };
      return stage.repository.commit(files, { branch: BRANCH }).then(real);
    };
    const error = await failureOf(stage.branches.updateBranch(branchUpdate(stage.url)));
    expect(error).toMatchObject({ code: 'GitRejected', retry: 'backoff' });
    expect(number).toBe(3);
  });
});

describe('the copies of repositories', () => {
  test('are fetched whole once, then only what is new', async () => {
    await stage.branches.updateBranch(branchUpdate(stage.url));
    const sizes: number[] = [];
    stage.server.intercept = (request, real) =>
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
    await stage.repository.commit(noise);
    await stage.branches.updateBranch(branchUpdate(stage.url));
    await stage.repository.commit({ 'one.txt': 'x' });
    await stage.branches.updateBranch(branchUpdate(stage.url));
    expect(sizes).toHaveLength(2);
    expect(sizes[1]).toBeLessThan(1000);
  });

  test('are made anew when they are damaged', async () => {
    await stage.branches.updateBranch(branchUpdate(stage.url));
    const [copy = ''] = await Array.fromAsync(
      new Bun.Glob('*.git').scan({ cwd: stage.branches.directory, onlyFiles: false }),
    );
    for (const file of new Bun.Glob(`${copy}/objects/pack/*.pack`).scanSync({
      cwd: stage.branches.directory,
    })) {
      await Bun.write(`${stage.branches.directory}/${file}`, 'rubbish');
    }
    const update = { branch: 'promotion-dev', markerKey: 'apps:podinfo:dev' };
    const result = await stage.branches.updateBranch(branchUpdate(stage.url, update));
    expect(result).toMatchObject({ kind: 'pushed', changes: [{ from: '1.9.0', to: '2.0.0' }] });
    expect(stage.branches.lines.join()).toContain('is damaged');
  });

  test('are removed, the least recently used first, when they take too much room', async () => {
    const small = await testBranches({ maxBytes: 6_000 });
    const noise = { 'noise.txt': crypto.getRandomValues(Buffer.alloc(2_000)).toString('base64') };
    const names = ['one', 'two', 'three', 'four'];
    for (const name of names) {
      await createTestRepository(stage.server.directory, `${name}.git`, { ...FILES, ...noise });
      await small.updateBranch(branchUpdate(`${stage.server.url}/${name}.git`));
    }
    const left = await waitFor('copies to be removed', async () => {
      const copies = await readdir(small.directory);
      return copies.length < names.length ? { done: copies } : { saw: copies };
    });
    expect(left.length).toBeGreaterThan(0);
    expect((await small.updateBranch(branchUpdate(`${stage.server.url}/one.git`))).kind).toBe('unchanged');
    await small.close();
  });

  test('of an earlier process are removed, and nothing else', async () => {
    const old = `${'a'.repeat(64)}.git`;
    await Bun.write(`${stage.branches.directory}/${old}/config`, 'x');
    await Bun.write(`${stage.branches.directory}/precious.git/config`, 'x');
    await stage.branches.updateBranch(branchUpdate(stage.url));
    expect(await Bun.file(`${stage.branches.directory}/${old}/config`).exists()).toBe(false);
    expect(await Bun.file(`${stage.branches.directory}/precious.git/config`).exists()).toBe(true);
  });

  test('need a directory that can be written', async () => {
    const nowhere = await testBranches({ directory: '/dev/null/copies' });
    const error = await failureOf(nowhere.updateBranch(branchUpdate(stage.url)));
    expect(error).toMatchObject({ code: 'ConfigInvalid', retry: 'backoff' });
    expect(error.message).toContain('--git-cache-dir');
  });

  test('are gone after closing', async () => {
    const { log } = createFakeLog();
    const deps = {
      outbound: loopbackOutbound(),
      directory: stage.branches.directory,
      maxBytes: 1024 ** 2,
      maxPackBytes: 1024 ** 2,
      log,
    };
    const other = createBranchUpdater({ ...deps, now: () => new Date() });
    await other.updateBranch(branchUpdate(stage.url));
    expect(await readdir(stage.branches.directory)).toHaveLength(1);
    await other.close();
    expect(await readdir(stage.branches.directory)).toEqual([]);
  });
});
