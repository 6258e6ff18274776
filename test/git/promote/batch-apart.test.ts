import { describe, expect, test } from 'bun:test';
import { chmod, writeFile } from 'node:fs/promises';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import type { BranchUpdate } from '../../../src/promote/branch/port.ts';
import { listenedSignal } from '../../fakes/listened-signal.ts';
import { settled } from '../../fakes/schedule.ts';
import { gitStage } from '../stage/stage.ts';
import { branchUpdate, marked } from '../stage/support.ts';

/** Of promotions that come together one that is stopped, refused or slow is no matter of the others. */

const APPS = Array.from({ length: 12 }, (_, number) => `app-${number}`);
const FEW = APPS.slice(0, 6);
const MOVED = new TurnpikeError('NotLeading', 'The Pipeline was moved to another shard.');
const GIVEN_UP = new TurnpikeError('GitUnavailable', 'The attempt was given up.');

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

function promote(app: string, changed: Partial<BranchUpdate> = {}) {
  return stage.branches.updateBranch(updateOf(app, changed));
}

/** All at once, one of them with what is given. */
function promoteWith(app: string, changed: Partial<BranchUpdate>) {
  return Promise.allSettled(FEW.map((one) => promote(one, one === app ? changed : {})));
}

function pushes(): number {
  return stage.server.requests.filter(({ line }) => /^POST .*\/git-receive-pack$/.test(line)).length;
}

/** What keeps one from being pushed when it is asked right before. */
function stopBy(reason: Error) {
  return async () => {
    throw reason;
  };
}

describe('promotions of one repository that come together', () => {
  test.each([
    ['before the push', MOVED],
    ['by an error of no kind', new Error('the process ends')],
  ] as const)('are pushed without the one that is stopped %s', async (_, reason) => {
    const results = await promoteWith('app-3', { fence: stopBy(reason) });
    expect(results.map(({ status }) => status)).toEqual(
      FEW.map((app) => (app === 'app-3' ? 'rejected' : 'fulfilled')),
    );
    expect(results[3]).toMatchObject({ reason });
    expect(await stage.repository.tip(branchOf('app-3'))).toBeUndefined();
    // No copy was taken for damaged.
    expect(stage.branches.lines).toEqual([]);
  });

  test('commit to the base branch without the one that is stopped', async () => {
    const direct = { branch: 'main', isDirect: true };
    const fence = stopBy(MOVED);
    const results = await Promise.allSettled(
      FEW.map((app) => promote(app, app === 'app-3' ? { ...direct, fence } : direct)),
    );
    expect(results.map(({ status }) => status)).toEqual(
      FEW.map((app) => (app === 'app-3' ? 'rejected' : 'fulfilled')),
    );
    for (const app of FEW) {
      const version = app === 'app-3' ? '1.0.0' : '2.0.0';
      expect(await stage.repository.read('main', `${app}/prod.yaml`)).toBe(
        marked(version, `apps:${app}:prod`),
      );
    }
  });

  test('commit to the base branch what another one would have brought, when that one is stopped', async () => {
    const direct = { branch: 'main', isDirect: true };
    // Both set the same value.
    const same = { ...direct, markerKey: 'apps:app-0:prod' };
    const [, stopped, other] = await Promise.allSettled([
      promote('app-5', direct),
      promote('app-0', { ...same, fence: stopBy(MOVED) }),
      promote('app-1', same),
    ]);
    expect(stopped).toMatchObject({ reason: MOVED });
    expect(other).toMatchObject({ value: { kind: 'pushed' } });
    expect(await stage.repository.read('main', 'app-0/prod.yaml')).toBe(marked('2.0.0', 'apps:app-0:prod'));
  });

  test('and are tried alone have their own results at once, when one of them hangs there', async () => {
    const hook = `${stage.repository.path}/hooks/pre-receive`;
    // Where it comes with others it is refused; alone it takes longer than anybody waits for it.
    await writeFile(
      hook,
      `#!/bin/sh
refs=$(cat)
case "$refs" in *${branchOf('app-7')}*) ;; *) exit 0;; esac
[ $(echo "$refs" | wc -l) = 1 ] && sleep 8
exit 1
`,
    );
    await chmod(hook, 0o755);
    const ended = new AbortController();
    const slow = promote('app-7', { signal: ended.signal });
    let isSlow = true;
    slow
      .catch(() => undefined)
      .finally(() => {
        isSlow = false;
      });
    const others = APPS.filter((app) => app !== 'app-7');
    const results = await Promise.allSettled(others.map((app) => promote(app)));
    expect(results.map((result) => result.status === 'fulfilled' && result.value.kind)).toEqual(
      others.map(() => 'pushed'),
    );
    expect(isSlow).toBe(true);
    ended.abort(GIVEN_UP);
    await expect(slow).rejects.toBe(GIVEN_UP);
    // What comes next does not wait for it either.
    const begun = performance.now();
    await promote('app-0', { revision: '3.0.0' });
    expect(performance.now() - begun).toBeLessThan(4_000);
  }, 20_000);

  test('are tried alone when their push is not answered: it may be the fault of one', async () => {
    let failures = 0;
    stage.server.intercept = (request) => {
      const isPush = request.method === 'POST' && request.url.endsWith('/git-receive-pack');
      if (!isPush || failures === 2) return undefined;
      failures += 1;
      return new Response('broken', { status: 502 });
    };
    const results = await promoteWith('app-3', {});
    // The push of all, and that of one.
    expect(results.filter(({ status }) => status === 'rejected')).toMatchObject([
      { reason: { code: 'GitUnavailable' } },
    ]);
    expect(pushes()).toBe(1 + FEW.length);
  });

  test.each([
    ['alone', 1],
    ['together', 3],
  ])('count against their host when their pushes are not answered, %s', async (_, count) => {
    stage.server.intercept = (request) =>
      request.method === 'POST' && request.url.endsWith('/git-receive-pack')
        ? new Response('broken', { status: 502 })
        : undefined;
    const messages: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      const results = await Promise.allSettled(FEW.slice(0, count).map((app) => promote(app)));
      for (const result of results) if (result.status === 'rejected') messages.push(result.reason.message);
    }
    expect(messages.at(-1)).toContain('failed 5 times in a row');
    expect(pushes()).toBe(5);
  });

  test('go on when those that came first are given up', async () => {
    const ended = new AbortController();
    stage.server.intercept = (request, real) => {
      if (!request.url.endsWith('/git-receive-pack')) return undefined;
      // The push of both is under way.
      ended.abort(GIVEN_UP);
      return settled().then(real);
    };
    const first = promote('app-0', { signal: ended.signal });
    const second = promote('app-1', { signal: new AbortController().signal });
    await expect(first).rejects.toBe(GIVEN_UP);
    expect((await second).kind).toBe('pushed');
    expect(pushes()).toBe(1);
  });

  test('do not end with one that came first and was given up before its push', async () => {
    const ended = new AbortController();
    const first = stage.branches.prepare(updateOf('app-0', { signal: ended.signal }));
    const second = promote('app-1', { signal: new AbortController().signal });
    const { push } = await first;
    ended.abort(GIVEN_UP);
    await expect(push()).rejects.toBe(GIVEN_UP);
    expect((await second).kind).toBe('pushed');
  });

  test('leave nothing behind that listens to the time of their attempts', async () => {
    const signals = FEW.map(() => listenedSignal());
    await Promise.all(FEW.map((app, index) => promote(app, signals[index])));
    await settled();
    // Such a signal is held by that of the process for as long as somebody listens to it.
    expect(signals.map(({ count }) => count())).toEqual(FEW.map(() => 0));
  });

  test('that nobody waits for any more are not looked at', async () => {
    const ended = new AbortController();
    const asked: string[] = [];
    const fence = async () => void asked.push('app-1');
    const first = promote('app-0');
    const second = promote('app-1', { signal: ended.signal, fence });
    ended.abort(GIVEN_UP);
    await expect(second).rejects.toBe(GIVEN_UP);
    await first;
    await promote('app-2');
    expect(asked).toEqual([]);
    expect(await stage.repository.tip(branchOf('app-1'))).toBeUndefined();
  });
});
