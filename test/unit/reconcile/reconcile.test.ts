import { describe, expect, test } from 'bun:test';
import { type Pipeline, type PullRequestRef, pipelineKey } from '../../../src/api/pipeline.ts';
import { receiveChange } from '../../../src/decide/observation/forge-change.ts';
import type { PullRequestState } from '../../../src/decide/promotion/next.ts';
import type { Result } from '../../../src/decide/promotion/result.ts';
import type { TaskResult } from '../../../src/decide/promotion/task.ts';
import { errorMessage, TurnpikeError } from '../../../src/lib/errors.ts';
import { createReconcile } from '../../../src/reconcile/reconcile.ts';
import { createRecordStatus } from '../../../src/reconcile/record.ts';
import { failureOf } from '../../fakes/failure.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { SHOWN } from '../../fakes/namespaces.ts';
import { NOW, pipeline, spec } from '../../fakes/pipeline.ts';
import { settled } from '../../fakes/schedule.ts';
import { createFakeStore } from '../../fakes/store.ts';

const KEY = pipelineKey('apps', 'app');

/** What the cluster runs, by namespace; the reconciler reads it as HelmReleases. */
type Releases = Record<string, { version: string; ready?: boolean } | Error>;

function release({ version, ready = true }: { version: string; ready?: boolean }) {
  return {
    metadata: { generation: 1 },
    status: {
      observedGeneration: 1,
      conditions: [
        { type: 'Ready', status: ready ? 'True' : 'Unknown', reason: 'Progressing', message: 'upgrading' },
      ],
      history: [{ chartVersion: version, status: 'deployed', lastDeployed: NOW.toISOString() }],
    },
  };
}

function setUp(releases: Releases, from: Pipeline = pipeline()) {
  const store = createFakeStore();
  store.put(from);
  const jobs: string[] = [];
  const changes: number[] = [];
  const readies: string[] = [];
  let underWay = 0;
  const counted = async <T>(work: () => T | Promise<T>): Promise<T> => {
    underWay += 1;
    try {
      return await work();
    } finally {
      underWay -= 1;
    }
  };
  const { log } = createFakeLog();
  /** What a promotion looks at before it waits for its record. */
  const looks: Promise<unknown>[] = [];
  const results: (Result | (() => Result | Promise<Result>))[] = [];
  const tasks: string[] = [];
  const reasons: string[] = [];
  const asked: string[] = [];
  const forge: {
    state: PullRequestState;
    says: (TaskResult | Promise<TaskResult>)[];
    found?: PullRequestRef | Error;
  } = {
    state: 'open',
    says: [],
  };
  const findings = { secrets: [] as string[], warnings: [] as string[], isNews: false };
  let now = NOW;
  const reconcile = createReconcile({
    store,
    record: createRecordStatus(store),
    clusters: { reader: () => ({ read: async () => undefined }) },
    messagesOf: SHOWN,
    applications: {
      async read(_appRef, namespace) {
        const found = releases[namespace];
        if (found instanceof Error) throw found;
        return found && release(found);
      },
    },
    promoter: {
      promote: ({ environment, promotion, recorded }) =>
        counted(async () => {
          await looks.shift();
          const problem = await recorded.then(() => undefined, errorMessage);
          if (problem !== undefined) return { kind: 'error', message: problem, retry: 'backoff' };
          jobs.push(`${environment.name} ${promotion.revision}`);
          const next = results.shift();
          const made = typeof next === 'function' ? await next() : next;
          return made ?? { kind: 'pull-request', pullRequest: { url: 'https://f/pulls/1', number: 1 } };
        }),
      async runTask({ environment, pullRequest: { number } }, task) {
        tasks.push(`${environment} #${number} ${task.kind}`);
        if (task.kind === 'close') reasons.push(task.reason);
        return counted(() => forge.says.shift() ?? { kind: 'done' });
      },
      async findPullRequest({ environment }) {
        asked.push(`find ${environment.name}`);
        if (forge.found instanceof Error) throw forge.found;
        return forge.found;
      },
      async pullRequestState({ environment }) {
        asked.push(environment.name);
        return forge.state;
      },
    },
    check: ({ spec: { promotion } }) => {
      const spec = promotion?.strategy.notification ? ['spec.promotion: two strategies'] : [];
      const whole = async () => ({ spec, secrets: findings.secrets, warnings: findings.warnings });
      return {
        spec,
        whole,
        changed: async () => findings.isNews,
        handled: () => {
          findings.isNews = false;
        },
      };
    },
    onChange: ({ status: { conditions } }) => {
      changes.push(1);
      const [ready] = conditions ?? [];
      readies.push(`${ready?.status} ${ready?.reason}`);
    },
    policy: { delaySeconds: 2, maxDelaySeconds: 20, threshold: 3, resyncSeconds: 600 },
    log,
    now: () => now,
  });
  return {
    run: () => reconcile(KEY),
    status: () => store.get(KEY)?.status,
    later: (seconds: number) => {
      now = new Date(now.getTime() + seconds * 1000);
    },
    store,
    releases,
    jobs,
    looks,
    results,
    forge,
    tasks,
    reasons,
    asked,
    findings,
    changes,
    readies,
    running: () => underWay,
  };
}

const BEHIND: Releases = {
  dev: { version: '1.1.0' },
  staging: { version: '1.0.0' },
  prod: { version: '1.0.0' },
};

describe('reconciling a pipeline', () => {
  test('brings a revision from the first environment to the last', async () => {
    const { run, status, jobs, forge, releases } = setUp({ ...BEHIND });
    await run();
    expect(jobs).toEqual(['staging 1.1.0']);
    expect(status()?.summary).toBe('dev 1.1.0 → staging 1.0.0 (PR #1) → prod 1.0.0');
    forge.state = 'merged';
    await run();
    expect(status()?.environments?.staging?.promotion?.phase).toBe('Merged');
    releases.staging = { version: '1.1.0' };
    await run();
    expect(status()?.environments?.staging?.promotion?.phase).toBe('Succeeded');
    expect(jobs).toEqual(['staging 1.1.0', 'prod 1.1.0']);
    releases.prod = { version: '1.1.0' };
    await run();
    expect(status()?.summary).toBe('dev 1.1.0 → staging 1.1.0 → prod 1.1.0');
    expect(status()?.conditions).toMatchObject([{ type: 'Ready', status: 'True' }]);
  });

  test('writes nothing when nothing has changed', async () => {
    const { run, store } = setUp({ ...BEHIND });
    await run();
    const writes = store.writes();
    await run();
    await run();
    expect(store.writes()).toBe(writes);
  });

  test('keeps the place of a promotion that is refused, and tries again when its time has come', async () => {
    const { run, status, jobs, results, later } = setUp({ ...BEHIND });
    results.push({ kind: 'error', message: '502 Bad Gateway', retry: 'backoff' });
    expect(await run()).toBe(2);
    expect(status()?.environments?.staging?.promotion).toMatchObject({
      phase: 'Pending',
      attempts: 1,
      message: '502 Bad Gateway',
    });
    await run();
    expect(jobs.length).toBe(1);
    later(2);
    await run();
    expect(jobs.length).toBe(2);
    expect(status()?.environments?.staging?.promotion?.phase).toBe('PullRequestOpen');
  });

  test('stops with the reason what only a person can mend, until the spec changes', async () => {
    const { run, status, jobs, results, store } = setUp({ ...BEHIND });
    results.push({ kind: 'error', message: 'no marker was found', retry: 'never' });
    await run();
    expect(status()?.conditions).toMatchObject([
      { type: 'Ready', status: 'False', reason: 'PromotionFailed', message: 'staging: no marker was found' },
      { type: 'Stalled', status: 'True' },
    ]);
    await run();
    expect(jobs.length).toBe(1);
    const stored = store.get(KEY);
    if (!stored) throw new Error('the pipeline is gone');
    store.put({ ...stored, metadata: { ...stored.metadata, generation: 2 } });
    await run();
    expect(jobs.length).toBe(2);
    expect(status()?.conditions).toMatchObject([{ type: 'Ready', status: 'True' }]);
  });

  test('reports the faults of a spec and does nothing', async () => {
    const two = pipeline({
      promotion: { ...spec().promotion, strategy: { ...spec().promotion?.strategy, notification: {} } },
    });
    const { run, status, jobs } = setUp({ ...BEHIND }, two);
    await run();
    expect(status()?.conditions).toMatchObject([
      { type: 'Ready', status: 'False', reason: 'InvalidSpec', message: 'spec.promotion: two strategies' },
      { type: 'Stalled', status: 'True' },
    ]);
    expect(jobs).toEqual([]);
  });

  test('follows a Pipeline whose Secrets have faults, says so, and looks again soon', async () => {
    const { run, status, jobs, findings } = setUp({ ...BEHIND });
    findings.secrets.push('Secret apps/hook does not exist.');
    expect(await run()).toBeLessThanOrEqual(30);
    expect(jobs.length).toBe(1);
    const message = 'Secret apps/hook does not exist.';
    expect(status()?.conditions).toMatchObject([{ type: 'Ready', status: 'False', message }]);
    findings.secrets.pop();
    await run();
    expect(status()?.conditions).toMatchObject([{ type: 'Ready', status: 'True' }]);
  });

  test('acts on nothing while the API server is away', async () => {
    const away = new TurnpikeError('ApiUnavailable', 'The API server is away.');
    const { run, jobs } = setUp({ ...BEHIND, dev: away });
    await expect(run()).rejects.toThrow('away');
    expect(jobs).toEqual([]);
  });

  test('acts on nothing that somebody else has changed while it was being recorded', async () => {
    const { run, jobs, store, status } = setUp({ ...BEHIND });
    store.interfere({ summary: 'of somebody else' });
    expect(await failureOf(run())).toMatchObject({ code: 'ApiConflict' });
    expect(jobs).toEqual([]);
    expect(status()).toEqual({ summary: 'of somebody else' });
    await run();
    expect(jobs).toEqual(['staging 1.1.0']);
  });

  test('hands the pull request to the newer revision that was recorded meanwhile', async () => {
    const { run, status, results, store } = setUp({ ...BEHIND });
    results.push(() => {
      const stored = store.get(KEY);
      if (!stored) throw new Error('the pipeline is gone');
      const environments = { ...stored.status.environments };
      environments.staging = { ...environments.staging, promotion: { revision: '1.2.0', phase: 'Pending' } };
      void store.applyStatus(stored, { ...stored.status, environments });
      return { kind: 'pull-request', pullRequest: { url: 'https://f/pulls/1', number: 1 } };
    });
    expect(await run()).toBe(0);
    expect(status()?.environments?.staging?.promotion).toMatchObject({
      revision: '1.2.0',
      phase: 'Pending',
      pullRequest: { number: 1 },
    });
  });
});

describe('a pull request that is open', () => {
  const opened = (number = 1): Result => ({
    kind: 'pull-request',
    pullRequest: { url: `https://f/pulls/${number}`, number, commit: 'c0ffee' },
  });
  const AWAY: TaskResult = { kind: 'error', message: 'It is away.', retry: 'backoff' };

  test('is looked at again at once, and gets a status once that its gates are open', async () => {
    const { run, tasks, results, status } = setUp({ ...BEHIND });
    results.push(opened());
    expect(await run()).toBe(0);
    expect(tasks).toEqual([]);
    await run();
    await run();
    expect(tasks).toEqual(['staging #1 check']);
    expect(status()?.environments?.staging?.promotion?.pullRequest?.checked).toBe('success');
  });

  test('gets its status later when the forge was away, and goes on meanwhile', async () => {
    const { run, tasks, results, status, forge, later } = setUp({ ...BEHIND });
    results.push(opened());
    forge.says.push(AWAY);
    await run();
    expect(await run()).toBeLessThanOrEqual(30);
    expect(status()?.environments?.staging?.promotion?.phase).toBe('PullRequestOpen');
    for (let look = 0; look < 20; look += 1) {
      later(1);
      await run();
    }
    expect(tasks).toEqual(['staging #1 check']);
    later(10);
    await run();
    expect(tasks).toEqual(['staging #1 check', 'staging #1 check']);
  });

  test('is closed once nobody needs it, though the forge is away at first', async () => {
    const { run, tasks, results, status, forge, releases, later } = setUp({ ...BEHIND });
    results.push(opened());
    await run();
    await run();
    releases.staging = { version: '1.2.0' };
    forge.says.push(AWAY);
    await run();
    expect(status()?.environments?.staging?.promotion).toMatchObject({
      phase: 'Superseded',
      pullRequest: { closing: expect.stringContaining('newer than 1.1.0') },
    });
    await run();
    later(30);
    await run();
    expect(tasks).toEqual(['staging #1 check', 'staging #1 close', 'staging #1 close']);
    expect(status()?.environments?.staging?.promotion?.pullRequest?.closing).toBeUndefined();
  });

  test('is asked about no more often than it is due, however often the application changes', async () => {
    const { run, asked, results, later, releases } = setUp({ ...BEHIND });
    results.push(opened());
    await run();
    await run();
    expect(asked).toEqual(['staging']);
    for (let look = 0; look < 5; look += 1) {
      releases.dev = { version: '1.1.0', ready: look % 2 === 0 };
      later(1);
      await run();
    }
    expect(asked).toEqual(['staging']);
    later(15);
    await run();
    expect(asked).toEqual(['staging', 'staging']);
  });

  test('is asked about at once when the forge reports a change', async () => {
    const { run, asked, results, store, later } = setUp({ ...BEHIND });
    results.push(opened());
    await run();
    await run();
    later(1);
    const stored = store.get(KEY);
    if (!stored) throw new Error('the pipeline is gone');
    const change = { number: 1, environments: ['staging'] };
    const { status } = receiveChange({ ...stored, spec: spec() }, change, new Date());
    if (!status) throw new Error('nothing is noted');
    await store.applyStatus(stored, status);
    await run();
    expect(asked).toEqual(['staging', 'staging']);
  });

  test('that a person closed is a no, though a newer revision has come between two looks', async () => {
    const { run, status, results, forge, releases, jobs, later } = setUp({ ...BEHIND });
    results.push(opened(), opened(2));
    await run();
    await run();
    forge.state = 'closed';
    releases.dev = { version: '1.2.0' };
    later(5);
    await run();
    forge.state = 'open';
    await run();
    expect(status()?.environments?.staging?.rejected).toMatchObject([
      { revision: '1.1.0', by: 'pull request #1' },
    ]);
    releases.dev = { version: '1.1.0' };
    await run();
    await run();
    expect(jobs.filter((job) => job.startsWith('staging'))).toEqual(['staging 1.1.0', 'staging 1.2.0']);
    expect(status()?.environments?.staging?.promotion).toMatchObject({
      revision: '1.1.0',
      phase: 'Rejected',
    });
  });

  test('that a person opens again takes the no back', async () => {
    const { run, status, results, forge, later } = setUp({ ...BEHIND });
    results.push(opened());
    await run();
    forge.state = 'closed';
    await run();
    expect(status()?.environments?.staging?.rejected).toMatchObject([{ revision: '1.1.0' }]);
    forge.state = 'open';
    later(3601);
    await run();
    expect(status()?.environments?.staging).toMatchObject({
      promotion: { revision: '1.1.0', phase: 'PullRequestOpen', pullRequest: { number: 1 } },
      rejected: [],
    });
  });
});

describe('a pull request that is being opened', () => {
  test('is closed with a comment why, when its Pipeline is deleted meanwhile', async () => {
    const { run, results, store, tasks, reasons, running: underWay } = setUp({ ...BEHIND });
    results.push(() => {
      store.remove(KEY);
      return opened(1);
    });
    expect(await run()).toBe(600);
    expect([tasks, reasons]).toEqual([['staging #1 close'], ['Pipeline apps/app was deleted.']]);
    expect([store.list(), underWay()]).toEqual([[], 0]);
  });

  test('is not recorded in a Pipeline that was made anew under the same name', async () => {
    const { run, results, store, status } = setUp({ ...BEHIND });
    results.push(() => {
      const { metadata, spec } = pipeline();
      const anew = { ...metadata, uid: 'uid-2', resourceVersion: '77' };
      store.put({ metadata: anew, spec: { ok: true, value: spec }, status: {} });
      return opened(1);
    });
    await run();
    expect(status()?.environments?.staging).toBeUndefined();
  });

  test('stays open when the spec of its Pipeline cannot be read any more', async () => {
    const { run, results, store, tasks } = setUp({ ...BEHIND });
    results.push(() => {
      store.put({ ...pipeline(), spec: { ok: false, problems: ['spec.environments is empty'] } });
      return opened(1);
    });
    await run();
    expect(tasks).toEqual([]);
  });
});

describe('a task that is refused', () => {
  test('is not tried at each look, nor is what nobody asked for taken back at each', async () => {
    const { promotion } = spec();
    const settings = promotion?.strategy['pull-request'];
    if (!promotion || !settings) throw new Error('the test needs a strategy');
    const strategy = { ...promotion.strategy, 'pull-request': { ...settings, merge: 'auto' as const } };
    const set = setUp({ ...BEHIND }, pipeline({ promotion: { ...promotion, strategy } }));
    const { run, tasks, forge, later, store, results } = set;
    const pullRequest = { url: 'https://f/pulls/1', number: 1, commit: 'c0ffee', revision: '1.1.0' };
    results.push({ kind: 'pull-request', pullRequest });
    await run();
    const stored = store.get(KEY);
    if (!stored?.spec.ok) throw new Error('the spec is broken');
    store.put({ ...stored, spec: { ok: true, value: { ...stored.spec.value, suspend: true } } });
    tasks.length = 0;
    for (let looks = 0; looks < 20; looks += 1) {
      forge.says = [{ kind: 'error', message: 'The token may not.', retry: 'never' }];
      later(25);
      await run();
    }
    expect(tasks).toEqual(['staging #1 cancel-merge', 'staging #1 check']);
  });
});

describe('a promotion that ends before it knows its pull request', () => {
  const FOUND: PullRequestRef = { url: 'https://f/pulls/9', number: 9, branch: 'promotion-apps-app-staging' };

  /** The process ended between opening the pull request and recording it; meanwhile dev went back. */
  async function crashed() {
    const set = setUp({ ...BEHIND });
    set.results.push({ kind: 'error', message: 'The answer is lost.', retry: 'backoff' });
    await set.run();
    set.releases.dev = { version: '1.0.0' };
    return set;
  }

  test('closes the one that is found', async () => {
    const { run, forge, tasks, status } = await crashed();
    forge.found = FOUND;
    await run();
    expect(tasks).toEqual(['staging #9 close']);
    expect(status()?.environments?.staging?.promotion).toMatchObject({ phase: 'Superseded' });
  });

  test('ends where there is none', async () => {
    const { run, asked, tasks, status } = await crashed();
    await run();
    expect([asked, tasks]).toEqual([['find staging'], []]);
    expect(status()?.environments?.staging?.promotion).toMatchObject({ phase: 'Superseded' });
  });

  test('waits for a forge that is away', async () => {
    const { run, forge, status, later } = await crashed();
    forge.found = new TurnpikeError('ForgeUnavailable', 'It is away.', { retry: 'backoff' });
    expect(await run()).toBeLessThanOrEqual(30);
    expect(status()?.environments?.staging?.promotion).toMatchObject({
      phase: 'Pending',
      message: expect.stringContaining('It is not known whether a pull request of'),
    });
    forge.found = FOUND;
    later(31);
    await run();
    expect(status()?.environments?.staging?.promotion).toMatchObject({ phase: 'Superseded' });
  });

  test.each([
    ['ForgeUnauthorized', 'Pending'],
    ['SecretNotFound', 'Pending'],
    ['ForgeNotFound', 'Superseded'],
  ] as const)('waits while it cannot be said for good (%s): %s', async (code, phase) => {
    const { run, forge, status } = await crashed();
    forge.found = new TurnpikeError(code, 'It may not.', { retry: 'never' });
    await run();
    expect(status()?.environments?.staging?.promotion).toMatchObject({ phase });
  });

  test('goes on to say what a person has to mend', async () => {
    const { run, forge, status, releases, results } = setUp({ ...BEHIND });
    results.push({ kind: 'error', message: 'It refuses the credentials.', retry: 'never' });
    await run();
    releases.dev = { version: '1.2.0' };
    forge.found = new TurnpikeError('ForgeUnauthorized', 'It may not.', { retry: 'never' });
    await run();
    expect(status()?.environments?.staging?.promotion).toMatchObject({
      revision: '1.1.0',
      phase: 'Failed',
      message: 'It refuses the credentials.',
    });
  });

  test('is not asked for at each look', async () => {
    const { run, forge, asked, later } = await crashed();
    forge.found = new TurnpikeError('ForgeUnauthorized', 'It may not.', { retry: 'never' });
    const before = asked.length;
    for (let looks = 0; looks < 20; looks += 1) {
      later(25);
      await run();
    }
    expect(asked.length - before).toBe(1);
  });
});

describe('what is acted on', () => {
  const FAULT: Result = { kind: 'error', message: 'no marker was found', retry: 'never' };

  test('is the spec of the decision: a change during an attempt is acted on after it', async () => {
    const { run, status, jobs, results, store } = setUp({ ...BEHIND });
    results.push(() => {
      const stored = store.get(KEY);
      if (!stored) throw new Error('the pipeline is gone');
      const annotations = { 'reconcile.fluxcd.io/requestedAt': 'now' };
      store.put({ ...stored, metadata: { ...stored.metadata, generation: 2, annotations } });
      return FAULT;
    });
    await run();
    expect(status()).toMatchObject({ observedGeneration: 1 });
    expect(status()?.lastHandledReconcileAt).toBeUndefined();
    expect(status()?.conditions?.[0]?.observedGeneration).toBe(1);
    await run();
    expect(jobs.length).toBe(2);
    expect(status()).toMatchObject({ observedGeneration: 2, lastHandledReconcileAt: 'now' });
  });

  test('is a request once, also after its annotation was taken away', async () => {
    const { run, jobs, results, store } = setUp({ ...BEHIND });
    const annotate = (annotations: Record<string, string>) => {
      const stored = store.get(KEY);
      if (!stored) throw new Error('the pipeline is gone');
      store.put({ ...stored, metadata: { ...stored.metadata, annotations } });
    };
    results.push(opened(1), opened(1));
    await run();
    annotate({ 'reconcile.fluxcd.io/requestedAt': 'now' });
    await run();
    expect(jobs).toHaveLength(2);
    annotate({});
    await run();
    await run();
    expect(jobs).toHaveLength(2);
  });

  test('is a Secret that was mended: what had stopped is tried at once', async () => {
    const { run, status, jobs, results, findings, later } = setUp({ ...BEHIND });
    results.push(FAULT);
    expect(await run()).toBeLessThanOrEqual(30);
    later(30);
    await run();
    expect(jobs.length).toBe(1);
    findings.isNews = true;
    await run();
    expect(jobs.length).toBe(2);
    expect(status()?.environments?.staging?.promotion?.phase).toBe('PullRequestOpen');
  });

  test('does not make Ready True between two attempts', async () => {
    const { run, status, results, later, readies } = setUp({ ...BEHIND });
    results.push(FAULT, FAULT, FAULT);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await run();
      later(601);
    }
    expect(new Set(readies.slice(1))).toEqual(new Set(['False PromotionFailed']));
    await run();
    expect(status()?.conditions?.[0]).toMatchObject({ type: 'Ready', status: 'True' });
  });

  test('is done once at a time, also where a result cannot be recorded', async () => {
    const ahead = { dev: { version: '1.2.0' }, staging: { version: '1.1.0' }, prod: { version: '1.0.0' } };
    const { run, jobs, results, store, running: underWay } = setUp(ahead);
    const slow = Promise.withResolvers<Result>();
    results.push(
      () => {
        store.breakDown();
        return opened(1);
      },
      () => slow.promise,
    );
    let hasEnded = false;
    const ended = failureOf(run()).finally(() => {
      hasEnded = true;
    });
    await settled();
    expect({ jobs, hasEnded, underWay: underWay() }).toEqual({
      jobs: ['staging 1.2.0', 'prod 1.1.0'],
      hasEnded: false,
      underWay: 1,
    });
    slow.resolve(opened(2));
    expect(await ended).toMatchObject({ code: 'ApiUnavailable' });
    expect(underWay()).toBe(0);
  });

  test('is done once at a time, also where it cannot be recorded', async () => {
    const { run, jobs, looks, store, running: underWay } = setUp({ ...BEHIND });
    const slow = Promise.withResolvers<void>();
    looks.push(slow.promise);
    store.interfere({ summary: 'of somebody else' });
    let hasEnded = false;
    const ended = failureOf(run()).finally(() => {
      hasEnded = true;
    });
    await settled();
    expect({ hasEnded, underWay: underWay() }).toEqual({ hasEnded: false, underWay: 1 });
    slow.resolve();
    expect(await ended).toMatchObject({ code: 'ApiConflict' });
    expect({ jobs, underWay: underWay() }).toEqual({ jobs: [], underWay: 0 });
  });

  test('is done once at a time, also what an open pull request needs meanwhile', async () => {
    const releases = { dev: { version: '1.1.0' }, staging: { version: '1.1.0' }, prod: { version: '1.0.0' } };
    const { run, results, store, tasks, forge, running: underWay, ...set } = setUp(releases);
    results.push(opened(1));
    await run();
    set.releases.dev = { version: '1.2.0' };
    const slow = Promise.withResolvers<TaskResult>();
    forge.says.push(slow.promise);
    results.push(() => {
      store.breakDown();
      return opened(2);
    });
    let hasEnded = false;
    const ended = failureOf(run()).finally(() => {
      hasEnded = true;
    });
    await settled();
    expect({ tasks, hasEnded, underWay: underWay() }).toEqual({
      tasks: ['prod #1 check'],
      hasEnded: false,
      underWay: 1,
    });
    slow.resolve({ kind: 'done' });
    expect(await ended).toMatchObject({ code: 'ApiUnavailable' });
    expect(underWay()).toBe(0);
  });
});

function opened(number: number): Result {
  return {
    kind: 'pull-request',
    pullRequest: { url: `https://f/pulls/${number}`, number, commit: 'c0ffee' },
  };
}
