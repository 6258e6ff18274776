import { describe, expect, test } from 'bun:test';
import { chmod, writeFile } from 'node:fs/promises';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import type { BranchUpdate, BranchUpdater } from '../../../src/promote/branch/port.ts';
import { createFakeSchedule, settled } from '../../fakes/schedule.ts';
import { waitUntil } from '../../lab/wait.ts';
import { gitStage } from '../stage/stage.ts';
import { branchUpdate, marked, testBranches } from '../stage/support.ts';

const APPS = Array.from({ length: 30 }, (_, number) => `app-${number}`);
const OTHERS = APPS.slice(1);

const stage = gitStage(
  Object.fromEntries(APPS.map((app) => [`${app}/prod.yaml`, marked('1.0.0', `apps:${app}:prod`)])),
);

function branchOf(app: string): string {
  return `promotion-apps-${app}-prod`;
}

function updateOf(app: string, changed: Partial<BranchUpdate> = {}): BranchUpdate {
  const owner = `apps/${app}/prod`;
  return branchUpdate(stage.url, {
    branch: branchOf(app),
    markerKey: `apps:${app}:prod`,
    message: `Promote ${owner} to 2.0.0\n\nTurnpike-Pipeline: ${owner}\n`,
    ...changed,
  });
}

/** Straight to the base branch. */
function commitOf(app: string, changed: Partial<BranchUpdate> = {}): BranchUpdate {
  return updateOf(app, { branch: 'main', isDirect: true, ...changed });
}

const REQUESTS = {
  looks: /^GET .*service=git-receive-pack$/,
  fetches: /^POST .*\/git-upload-pack$/,
  pushes: /^POST .*\/git-receive-pack$/,
};

function asked(what: keyof typeof REQUESTS): number {
  return stage.server.requests.filter(({ line }) => REQUESTS[what].test(line)).length;
}

async function promoteAll(updates: readonly BranchUpdate[]) {
  return Promise.allSettled(updates.map((update) => stage.branches.updateBranch(update)));
}

/** Prepares all, and pushes those that `when` resolves for; the others are given up. */
async function promoteWhen(
  updates: readonly BranchUpdate[],
  when: (index: number) => Promise<unknown>,
  { prepare }: Pick<BranchUpdater, 'prepare'> = stage.branches,
) {
  return Promise.allSettled(
    updates.map(async (update, index) => {
      const prepared = await prepare(update);
      try {
        await when(index);
      } catch (error) {
        prepared.discard();
        throw error;
      }
      return prepared.push();
    }),
  );
}

async function damageCopies(): Promise<void> {
  const { directory } = stage.branches;
  for (const pack of new Bun.Glob('*.git/objects/pack/*.pack').scanSync({ cwd: directory })) {
    await Bun.write(`${directory}/${pack}`, 'rubbish');
  }
}

async function refuseBy(script: string): Promise<void> {
  const hook = `${stage.repository.path}/hooks/pre-receive`;
  await writeFile(hook, `#!/bin/sh\n${script}\n`);
  await chmod(hook, 0o755);
}

async function countRefs(): Promise<void> {
  const hook = `${stage.repository.path}/hooks/post-receive`;
  await writeFile(hook, `#!/bin/sh\nwc -l >> ${stage.repository.path}/refs-of-pushes\n`);
  await chmod(hook, 0o755);
}

async function refsOfPushes(): Promise<number[]> {
  const lines = await Bun.file(`${stage.repository.path}/refs-of-pushes`).text();
  return lines.trim().split('\n').map(Number);
}

describe('promotions of one repository that come together', () => {
  test.each([
    ['pull requests', updateOf],
    ['commits to the base branch', commitOf],
  ])('push nothing for one that is given up meanwhile: %s', async (_, made) => {
    const givenUp = new AbortController();
    const reason = new TurnpikeError('GitUnavailable', 'The attempt was given up.');
    const updates = [made('app-0'), made('app-1', { signal: givenUp.signal }), made('app-2')];
    const results = await promoteWhen(updates, async (index) => {
      if (index === 1) givenUp.abort(reason);
    });
    expect(results).toMatchObject([
      { status: 'fulfilled', value: { kind: 'pushed' } },
      { status: 'rejected', reason },
      { status: 'fulfilled', value: { kind: 'pushed' } },
    ]);
    for (const { branch } of updates) {
      const files = await stage.repository.git('branch', '--list', branch);
      if (files.trim() === '') continue;
      expect(await stage.repository.read(branch, 'app-1/prod.yaml')).toBe(marked('1.0.0', 'apps:app-1:prod'));
    }
    expect((await stage.repository.git('branch', '--list', branchOf('app-1'))).trim()).toBe('');
  });

  test('share one look, one fetch and one push', async () => {
    const results = await promoteAll(APPS.map((app) => updateOf(app)));
    expect(results.map((result) => result.status === 'fulfilled' && result.value.kind)).toEqual(
      APPS.map(() => 'pushed'),
    );
    for (const what of ['looks', 'fetches', 'pushes'] as const)
      expect([what, asked(what)]).toEqual([what, 1]);
    for (const app of APPS) {
      expect(await stage.repository.read(branchOf(app), `${app}/prod.yaml`)).toBe(
        marked('2.0.0', `apps:${app}:prod`),
      );
      const changed = await stage.repository.git('diff', '--name-only', 'main', branchOf(app));
      expect(changed.trim()).toBe(`${app}/prod.yaml`);
    }
    await stage.repository.git('fsck', '--strict');
  });

  test('are pushed a few branches at once where the forge does nothing for more', async () => {
    await countRefs();
    const results = await promoteAll(
      APPS.slice(0, 11).map((app) => updateOf(app, { branchesAtOnce: app === 'app-0' ? 200 : 3 })),
    );
    expect(results.map((result) => result.status === 'fulfilled' && result.value.kind)).toEqual(
      Array(11).fill('pushed'),
    );
    const pushes = await refsOfPushes();
    expect(Math.max(...pushes)).toBe(3);
    expect(pushes).toHaveLength(4);
    for (const app of APPS.slice(0, 11)) {
      expect(await stage.repository.read(branchOf(app), `${app}/prod.yaml`)).toContain('2.0.0');
    }
  });

  test('go to one branch all at once also where the forge does nothing for more than three', async () => {
    await countRefs();
    await promoteAll(APPS.map((app) => commitOf(app, { branchesAtOnce: 3 })));
    expect(await refsOfPushes()).toEqual([1, 1]);
  });

  test('join no look that was begun before when they have a branch: it may have been merged since', async () => {
    await promoteAll(APPS.map((app) => updateOf(app)));
    // Each is told its result before all is over.
    await settled();
    stage.server.requests.length = 0;
    const results = await promoteAll(APPS.map((app) => updateOf(app, { revision: '3.0.0' })));
    expect(results.map((result) => result.status === 'fulfilled' && result.value.kind)).toEqual(
      APPS.map(() => 'pushed'),
    );
    expect(asked('looks')).toBe(2);
    expect(asked('pushes')).toBe(2);
  });

  test('join with a base branch of their own', async () => {
    await stage.repository.git('branch', 'release', 'main');
    const bases = ['main', 'release', 'none'];
    const results = await promoteAll(
      bases.map((baseBranch, index) => updateOf(`app-${index}`, { baseBranch })),
    );
    expect(
      results.map((result) => (result.status === 'fulfilled' ? result.value.kind : result.reason.code)),
    ).toEqual(['pushed', 'pushed', 'GitBranchNotFound']);
    expect(asked('pushes')).toBe(1);
  });

  test('need one request to see that nothing moved, and one to push', async () => {
    await stage.branches.updateBranch(updateOf('app-0'));
    stage.server.requests.length = 0;
    await stage.branches.updateBranch(updateOf('app-1'));
    const path = new URL(stage.url).pathname;
    expect(stage.server.requests.map(({ line }) => line)).toEqual([
      `GET ${path}/info/refs?service=git-receive-pack`,
      `POST ${path}/git-receive-pack`,
    ]);
  });

  test('do not fail for one whose marker is missing', async () => {
    const updates = APPS.map((app) => updateOf(app, app === 'app-7' ? { markerKey: 'apps:none:prod' } : {}));
    const results = await promoteAll(updates);
    const failed = results.flatMap((result, index) =>
      result.status === 'rejected' ? [[APPS[index], result.reason.code]] : [],
    );
    expect(failed).toEqual([['app-7', 'MarkerNotFound']]);
  });

  test('do not fail for one that makes a hook refuse all that came with it', async () => {
    await refuseBy(`grep -q ${branchOf('app-7')}$ && { echo "app-7 is frozen" >&2; exit 1; }; exit 0`);
    const results = await promoteAll(APPS.map((app) => updateOf(app)));
    const failed = results.flatMap((result, index) =>
      result.status === 'rejected' ? [[APPS[index], result.reason.message]] : [],
    );
    expect(failed).toEqual([['app-7', expect.stringContaining('app-7 is frozen')]]);
    for (const app of APPS)
      expect((await stage.repository.tip(branchOf(app))) !== undefined).toBe(app !== 'app-7');
  });

  test('go on from what they replace where no force push is taken, and none is refused twice', async () => {
    const apps = APPS.slice(0, 6);
    await promoteAll(apps.map((app) => updateOf(app)));
    await stage.repository.git('config', 'receive.denyNonFastForwards', 'true');
    const before = asked('pushes');
    const results = await promoteAll(apps.map((app) => updateOf(app, { revision: '3.0.0' })));
    for (const result of results) expect(result).toMatchObject({ value: { kind: 'pushed' } });
    // One of each that comes alone is refused, and one of all that come together; each goes out in one more.
    expect(asked('pushes') - before).toBeLessThanOrEqual(2 + apps.length);
  });

  test('replace their branches by force also where one that comes with them may not', async () => {
    const apps = APPS.slice(0, 6);
    await promoteAll(apps.map((app) => updateOf(app)));
    await refuseBy(`while read old new ref; do
      [ $ref = refs/heads/${branchOf('app-1')} ] || continue
      git merge-base --is-ancestor $old $new || { echo "Force push is not allowed" >&2; exit 1; }
    done`);
    const results = await promoteAll(apps.map((app) => updateOf(app, { revision: '3.0.0' })));
    for (const result of results) expect(result).toMatchObject({ value: { kind: 'pushed' } });
    for (const app of apps) {
      const parents = (await stage.repository.git('show', '-s', '--format=%P', branchOf(app))).trim();
      expect(parents.split(' ')).toHaveLength(app === 'app-1' ? 2 : 1);
    }
  });

  test('are pushed without the one that could not be recorded', async () => {
    const faults = new Map([
      ['app-0', new Error('the socket is gone')],
      ['app-7', new TurnpikeError('ApiConflict', 'Somebody else wrote it meanwhile.')],
    ]);
    const results = await promoteWhen(
      APPS.map((app) => updateOf(app)),
      async (index) => {
        const fault = faults.get(APPS[index] ?? '');
        if (fault) throw fault;
      },
    );
    const failed = results.flatMap((result, index) =>
      result.status === 'rejected' ? [[APPS[index], result.reason.message]] : [],
    );
    expect(failed).toEqual([
      ['app-0', 'the socket is gone'],
      ['app-7', 'Somebody else wrote it meanwhile.'],
    ]);
    for (const app of APPS) {
      expect((await stage.repository.tip(branchOf(app))) !== undefined).toBe(!faults.has(app));
    }
    expect(asked('pushes')).toBe(1);
    expect(stage.branches.lines).toEqual([]);
  });

  test('are not pushed by a replica that no longer leads, and each gets that error', async () => {
    const lost = new TurnpikeError('NotLeading', 'Another replica leads.');
    const fence = async () => {
      throw lost;
    };
    const updates = [
      ...APPS.slice(1, 4).map((app) => updateOf(app, { fence })),
      commitOf('app-4', { fence }),
    ];
    const before = await stage.repository.git('for-each-ref');
    const results = await promoteAll(updates);
    expect(results).toEqual(updates.map(() => ({ status: 'rejected', reason: lost })));
    expect(asked('pushes')).toBe(0);
    expect(await stage.repository.git('for-each-ref')).toBe(before);
  });

  test('do not wait long for one that is still being recorded', async () => {
    const { promise: recorded, resolve } = Promise.withResolvers<void>();
    const slow = stage.branches.prepare(updateOf('app-7')).then(async ({ push }) => {
      await recorded;
      return push();
    });
    const others = APPS.filter((app) => app !== 'app-7');
    const results = await promoteAll(others.map((app) => updateOf(app)));
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(await stage.repository.tip(branchOf('app-7'))).toBeUndefined();
    resolve();
    expect((await slow).kind).toBe('pushed');
    expect(await stage.repository.tip(branchOf('app-7'))).toBeDefined();
  });

  test('wait for records as long as these come in, and each gets its own commit', async () => {
    const apps = APPS.slice(0, 5);
    const { schedule, pass, pending } = createFakeSchedule();
    await using slow = await testBranches({ schedule });
    const records = apps.map(() => Promise.withResolvers<void>());
    const promoted = promoteWhen(
      apps.map((app) => updateOf(app)),
      (index) => records[index]?.promise ?? Promise.reject(new Error('there is no such record')),
      slow,
    );
    await waitUntil('the first one to be made', () => pending() > 0, { everyMs: 1 });
    await pass(0.5);
    for (const record of records.toReversed()) {
      await waitUntil('the batch to wait', () => pending() > 0, { everyMs: 1 });
      await pass(0.49);
      record.resolve();
      await pass(0.01);
    }
    const results = await promoted;
    const tips = await Promise.all(apps.map((app) => stage.repository.tip(branchOf(app))));
    expect(results.map((result) => result.status === 'fulfilled' && result.value)).toEqual(
      tips.map((commit) => expect.objectContaining({ kind: 'pushed', commit })),
    );
    expect(asked('pushes')).toBe(1);
  });

  test('begin anew with those that joined when the copy turns out to be damaged', async () => {
    // What was read before is still known; of this branch nothing was.
    await stage.repository.git('branch', 'release', 'main');
    await stage.repository.commit({ 'app-7/notes.md': 'Another tree.\n' });
    let fetches = 0;
    stage.server.intercept = (request, real) => {
      if (request.method !== 'POST' || !request.url.endsWith('/git-upload-pack')) return undefined;
      fetches += 1;
      return fetches === 2 ? damageCopies().then(real) : undefined;
    };
    const results = await promoteAll(
      APPS.map((app) => updateOf(app, app === 'app-7' ? { baseBranch: 'release' } : {})),
    );
    expect(results.map((result) => result.status === 'fulfilled' && result.value.kind)).toEqual(
      APPS.map(() => 'pushed'),
    );
    expect(stage.branches.lines.join()).toContain('is damaged');
    expect(asked('looks')).toBe(2);
    expect(asked('pushes')).toBe(1);
  });

  test('do not push over each other when their branches have one name', async () => {
    const owners = ['a-b/c/prod', 'a/b-c/prod'];
    const updates = owners.map((owner, index) =>
      updateOf(`app-${index + 1}`, {
        branch: 'promotion-a-b-c-prod',
        message: `Promote\n\nTurnpike-Pipeline: ${owner}\n`,
      }),
    );
    const [, first, second] = await promoteAll([updateOf('app-0'), ...updates]);
    expect(first?.status).toBe('fulfilled');
    expect(second).toMatchObject({ reason: { code: 'GitRejected', retry: 'never' } });
  });

  test('are not sent with the credentials of another one', async () => {
    const users = ['ann', 'bob'].map((username) => ({ username, password: 'secret' }));
    await promoteAll(users.map((credentials, index) => updateOf(`app-${index}`, { credentials })));
    const pushed = stage.server.requests.filter(
      ({ line }) => line.startsWith('POST') && line.endsWith('receive-pack'),
    );
    expect(new Set(pushed.map(({ authorization }) => authorization)).size).toBe(2);
  });
});

describe('commits to the base branch itself', () => {
  test('go one on top of the other in one push', async () => {
    const before = await stage.repository.tip('main');
    const results = await promoteAll(APPS.map((app) => commitOf(app)));
    expect(results.every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(asked('pushes')).toBe(2);
    const commits = (await stage.repository.git('rev-list', '--parents', `${before}..main`))
      .trim()
      .split('\n');
    expect(commits).toHaveLength(APPS.length);
    for (const app of APPS) {
      expect(await stage.repository.read('main', `${app}/prod.yaml`)).toBe(
        marked('2.0.0', `apps:${app}:prod`),
      );
    }
    const subjects = await stage.repository.git(
      'log',
      '--format=%(trailers:key=Turnpike-Pipeline,valueonly)',
      'main',
    );
    for (const app of APPS) expect(subjects).toContain(`apps/${app}/prod`);
    await stage.repository.git('fsck', '--strict');
  });

  test('lie on nothing of one that could not be recorded, and go out in one push all the same', async () => {
    const apps = APPS.slice(0, 6);
    // The first one comes alone, and makes the others wait.
    const results = await promoteWhen(
      apps.map((app) => commitOf(app)),
      (index) => (index === 2 ? Promise.reject(new Error('the socket is gone')) : settled()),
    );
    expect(results.map(({ status }) => status)).toEqual(
      apps.map((_, index) => (index === 2 ? 'rejected' : 'fulfilled')),
    );
    for (const app of apps) {
      const version = app === 'app-2' ? '1.0.0' : '2.0.0';
      expect(await stage.repository.read('main', `${app}/prod.yaml`)).toBe(
        marked(version, `apps:${app}:prod`),
      );
    }
    expect(asked('pushes')).toBe(2);
    await stage.repository.git('fsck', '--strict');
  });

  test('are made once', async () => {
    const first = await stage.branches.updateBranch(commitOf('app-0'));
    expect(first.kind).toBe('pushed');
    expect(await stage.branches.updateBranch(commitOf('app-0'))).toEqual({ kind: 'in-base', problems: [] });
  });

  test('are made anew on what somebody else has pushed meanwhile', async () => {
    let theirs: string | undefined;
    stage.server.intercept = (request, real) => {
      if (theirs !== undefined || request.method !== 'POST') return undefined;
      if (!request.url.endsWith('/git-receive-pack')) return undefined;
      return stage.repository.commit({ 'README.md': 'Somebody was here.\n' }).then((commit) => {
        theirs = commit;
        return real();
      });
    };
    const result = await stage.branches.updateBranch(commitOf('app-0'));
    expect(result.kind).toBe('pushed');
    expect(await stage.repository.git('rev-parse', 'main^')).toBe(`${theirs}\n`);
    expect(await stage.repository.read('main', 'README.md')).toBe('Somebody was here.\n');
    expect(await stage.repository.read('main', 'app-0/prod.yaml')).toBe(marked('2.0.0', 'apps:app-0:prod'));
  });

  test('that a branch rule refuses fail with the words of the server, and nothing is left of them', async () => {
    await refuseBy('echo "main is protected" >&2; exit 1');
    const before = await stage.repository.tip('main');
    const results = await promoteAll(OTHERS.slice(0, 3).map((app) => commitOf(app)));
    for (const result of results) {
      expect(result).toMatchObject({
        status: 'rejected',
        reason: { code: 'GitRejected', message: expect.stringContaining('main is protected') },
      });
    }
    expect(await stage.repository.tip('main')).toBe(before);
  });
});
