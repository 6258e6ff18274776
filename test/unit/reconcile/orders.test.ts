import { describe, expect, test } from 'bun:test';
import { type PipelineSpec, pipelineKey, type StoredPipeline } from '../../../src/api/pipeline.ts';
import { receiveEvent } from '../../../src/decide/observation/receive.ts';
import type { PullRequestState } from '../../../src/decide/promotion/next.ts';
import type { Result } from '../../../src/decide/promotion/result.ts';
import type { PullRequestTask, TaskResult } from '../../../src/decide/promotion/task.ts';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import { createReconcile } from '../../../src/reconcile/reconcile.ts';
import { createRecordStatus } from '../../../src/reconcile/record.ts';
import { noNews } from '../../fakes/checking.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { SHOWN } from '../../fakes/namespaces.ts';
import { at, event, eventsOnly, spec } from '../../fakes/pipeline.ts';
import { createFakeStore } from '../../fakes/store.ts';

/** Orders of events and looks, at a forge of which one pull request is known. */

const KEY = pipelineKey('apps', 'app');
const PULL = { url: 'https://f/pulls/7', number: 7, commit: 'c0ffee', base: 'main', branch: 'b' };

function promoting(change: { manual?: boolean; merge?: 'auto' }): Partial<PipelineSpec> {
  const promotion = structuredClone(spec().promotion);
  const settings = promotion?.strategy['pull-request'];
  if (!promotion || !settings) throw new Error('the test needs a strategy');
  const { manual = false, merge } = change;
  const strategy = { 'pull-request': { ...settings, ...(merge && { merge }) } };
  return { promotion: { ...promotion, strategy, manual } };
}

function setUp(change: Partial<PipelineSpec>) {
  const store = createFakeStore();
  store.put(eventsOnly({ dev: '1.1.0', staging: '1.1.0', prod: '1.1.0' }, change));
  let seconds = 0;
  const acts: string[] = [];
  const forge = {
    opens: (revision: string): Result => ({ kind: 'pull-request', pullRequest: { ...PULL, revision } }),
    says: (): PullRequestState => 'open',
    isOpen: false,
    merge: { kind: 'waits', reason: 'A check is pending.' } as TaskResult,
    cancel: { kind: 'done' } as TaskResult,
    close: { kind: 'done' } as TaskResult,
  };
  const reconcile = createReconcile({
    store,
    record: createRecordStatus(store),
    clusters: { reader: () => ({ read: async () => undefined }) },
    messagesOf: SHOWN,
    applications: { read: async () => undefined },
    promoter: {
      async promote({ recorded, promotion: { revision } }) {
        await recorded;
        acts.push(`promote ${revision}`);
        forge.isOpen = true;
        return forge.opens(revision);
      },
      async runTask(_, task: PullRequestTask) {
        acts.push(task.kind);
        if (task.kind === 'close') forge.isOpen = forge.close.kind !== 'done';
        if (task.kind === 'close') return forge.close;
        if (task.kind === 'cancel-merge') return forge.cancel;
        return task.kind === 'merge' ? forge.merge : { kind: 'done' };
      },
      async findPullRequest() {
        acts.push('find');
        return forge.isOpen ? PULL : undefined;
      },
      pullRequestState: async () => forge.says(),
    },
    check: () => noNews(),
    onChange: () => {},
    policy: { delaySeconds: 2, maxDelaySeconds: 20, threshold: 3, resyncSeconds: 600 },
    log: createFakeLog().log,
    now: () => new Date(at(seconds)),
  });
  const stored = () => store.get(KEY) as StoredPipeline & { spec: { ok: true; value: PipelineSpec } };
  const staging = () => stored().status.environments?.staging?.promotion;
  return {
    forge,
    staging,
    async look(when: number) {
      seconds = when;
      acts.length = 0;
      await reconcile(KEY);
      return [...acts];
    },
    hear(revision: string, when: number) {
      const pipeline = { ...stored(), spec: stored().spec.value };
      const receipt = receiveEvent(
        pipeline,
        'dev',
        event({ timestamp: at(when) }, revision),
        new Date(at(when)),
      );
      if (receipt.status) store.put({ ...pipeline, status: receipt.status });
    },
    set(change: Partial<PipelineSpec>, generation: number) {
      const { metadata, status, spec: before } = stored();
      store.put({ metadata: { ...metadata, generation }, spec: { ...before.value, ...change }, status });
    },
    approve() {
      const { metadata, status, spec: before } = stored();
      const environments = structuredClone(status.environments ?? {});
      const promotion = environments.staging?.promotion;
      if (!promotion || !environments.staging) throw new Error('there is nothing to approve');
      environments.staging = { ...environments.staging, promotion: { ...promotion, approvedBy: 'ada' } };
      store.put({ metadata, spec: before.value, status: { ...status, environments } });
    },
  };
}

describe('a pull request that was opened and not recorded', () => {
  const LOST: Result = { kind: 'error', message: 'The forge answered 502.', retry: 'backoff' };

  test('is closed though the revision that it brings made way for another one', async () => {
    const { forge, hear, look, approve, staging } = setUp(promoting({ manual: true }));
    await look(0);
    forge.opens = () => LOST;
    hear('1.2.0', 100);
    approve();
    expect(await look(101)).toEqual(['promote 1.2.0']);
    hear('1.3.0', 102);
    expect(staging()).toMatchObject({ revision: '1.3.0', phase: 'WaitingApproval', mayBeOpen: true });
    expect(await look(103)).toEqual([]);
    hear('1.1.0', 200);
    expect(await look(201)).toEqual(['find', 'close']);
    expect(staging()?.phase).toBe('Superseded');
    expect(forge.isOpen).toBe(false);
    expect(await look(300)).toEqual([]);
  });

  test('is closed where the base branch has the next revision already', async () => {
    const { forge, hear, look, staging } = setUp({});
    await look(0);
    forge.opens = () => LOST;
    hear('1.2.0', 100);
    await look(101);
    hear('1.3.0', 102);
    forge.opens = () => ({ kind: 'already-there', message: 'It is there.', pullRequest: PULL });
    await look(103);
    expect(staging()).toMatchObject({ revision: '1.3.0', phase: 'Merged', pullRequest: { number: 7 } });
    expect(await look(104)).toEqual(['close']);
  });
});

describe('a pull request that is open when an attempt fails', () => {
  test('is recorded, and a no to it is one', async () => {
    const { forge, hear, look, staging } = setUp({});
    await look(0);
    const failure = { message: 'Wait for ten minutes.', retry: { afterSeconds: 600 } };
    forge.opens = (revision) => ({ kind: 'pull-request', pullRequest: { ...PULL, revision }, failure });
    hear('1.2.0', 100);
    await look(101);
    expect(staging()).toMatchObject({
      phase: 'PullRequestOpen',
      pullRequest: { number: 7 },
      failure: { message: 'Wait for ten minutes.' },
      message: 'Wait for ten minutes.',
      nextAttemptAt: at(701),
    });
    forge.says = () => 'closed';
    await look(160);
    expect(staging()?.phase).toBe('Rejected');
  });
});

describe('an auto-merge', () => {
  test('that was scheduled after one had been looked for in vain is taken back', async () => {
    const { forge, hear, look, set, staging } = setUp(promoting({ merge: 'auto' }));
    await look(0);
    hear('1.2.0', 10);
    await look(11);
    expect(await look(12)).toEqual(['check', 'merge']);
    set({ suspend: true }, 2);
    expect(await look(60)).toEqual(['cancel-merge', 'check']);
    forge.merge = { kind: 'scheduled' };
    set({ suspend: false }, 3);
    await look(90);
    expect(await look(120)).toEqual(['check', 'merge']);
    forge.says = () => 'moved';
    const pullRequest = { ...PULL, commit: 'beef', revision: '1.2.0', others: true as const };
    forge.opens = () => ({ kind: 'pull-request', pullRequest });
    // Before it is known what others have pushed: the forge may merge it meanwhile.
    expect(await look(150)).toEqual(['promote 1.2.0', 'cancel-merge']);
    expect(staging()?.pullRequest).not.toHaveProperty('scheduled');
    forge.says = () => 'open';
    expect(await look(180)).toEqual(['check']);
  });
});

describe('an auto-merge that the forge does not take back now', () => {
  test('is taken back before the commit status says anything', async () => {
    const { forge, hear, look, set, staging } = setUp(promoting({ merge: 'auto' }));
    await look(0);
    hear('1.2.0', 10);
    await look(11);
    set({ suspend: true }, 2);
    forge.cancel = { kind: 'error', message: 'It answered 502.', retry: 'backoff' };
    expect(await look(60)).toEqual(['cancel-merge', 'check']);
    expect(await look(70)).toEqual([]);
    expect(await look(95)).toEqual(['cancel-merge', 'check']);
    expect(staging()?.pullRequest?.checked).toBeUndefined();
    forge.cancel = { kind: 'done' };
    expect(await look(130)).toEqual(['cancel-merge', 'check']);
    expect(staging()?.pullRequest?.checked).toBe('pending');
    expect(await look(170)).toEqual([]);
  });

  test('keeps nothing open that nobody needs', async () => {
    const { forge, hear, look, staging } = setUp(promoting({ merge: 'auto' }));
    forge.merge = { kind: 'scheduled' };
    await look(0);
    hear('1.2.0', 10);
    await look(11);
    expect(await look(12)).toEqual(['check', 'merge']);
    forge.cancel = { kind: 'error', message: 'It answered 502.', retry: 'backoff' };
    hear('1.1.0', 60);
    expect(await look(61)).toEqual(['cancel-merge', 'close']);
    expect(staging()?.pullRequest).toHaveProperty('endedAt');
  });

  test('makes nothing of what it showed before', async () => {
    const { forge, hear, look, set, staging } = setUp(promoting({ merge: 'auto' }));
    await look(0);
    hear('1.2.0', 10);
    await look(11);
    expect(await look(12)).toEqual(['check', 'merge']);
    expect(staging()?.pullRequest?.checked).toBe('success');
    set({ suspend: true }, 2);
    forge.cancel = { kind: 'error', message: 'It answered 502.', retry: 'backoff' };
    expect(await look(60)).toEqual(['cancel-merge', 'check']);
    expect(staging()?.pullRequest?.checked).toBeUndefined();
    set({ suspend: false }, 3);
    await look(75);
    expect(await look(110)).toContain('check');
    expect(staging()?.pullRequest?.checked).toBe('success');
  });

  test('keeps what others have pushed from being shown as ready', async () => {
    const { forge, hear, look } = setUp(promoting({ merge: 'auto' }));
    await look(0);
    hear('1.2.0', 10);
    await look(11);
    expect(await look(12)).toEqual(['check', 'merge']);
    forge.says = () => 'moved';
    const pullRequest = { ...PULL, commit: 'beef', revision: '1.2.0', others: true as const };
    forge.opens = () => ({ kind: 'pull-request', pullRequest });
    forge.cancel = { kind: 'error', message: 'It answered 502.', retry: 'backoff' };
    expect(await look(80)).toEqual(['promote 1.2.0', 'cancel-merge']);
    forge.says = () => 'open';
    expect(await look(150)).toEqual(['cancel-merge']);
    forge.cancel = { kind: 'done' };
    expect(await look(190)).toEqual(['cancel-merge', 'check']);
  });

  test('is tried on though the forge refuses to close it', async () => {
    const { forge, hear, look } = setUp(promoting({ merge: 'auto' }));
    forge.merge = { kind: 'scheduled' };
    await look(0);
    hear('1.2.0', 10);
    await look(11);
    await look(12);
    forge.cancel = { kind: 'error', message: 'It answered 502.', retry: 'backoff' };
    forge.close = { kind: 'error', message: 'The token may not.', retry: 'never' };
    hear('1.1.0', 60);
    expect(await look(61)).toEqual(['cancel-merge', 'close']);
    forge.cancel = { kind: 'done' };
    expect(await look(95)).toContain('cancel-merge');
  });

  test('is left to people when the forge refuses it for good, and reported', async () => {
    const { forge, hear, look, set, staging } = setUp(promoting({ merge: 'auto' }));
    await look(0);
    hear('1.2.0', 10);
    await look(11);
    set({ suspend: true }, 2);
    forge.cancel = { kind: 'error', message: 'The token may not.', retry: 'never' };
    expect(await look(60)).toEqual(['cancel-merge', 'check']);
    expect(staging()?.message).toContain('The auto-merge cannot be taken back: The token may not.');
    expect(await look(70)).toEqual([]);
  });
});

describe('what the status says of a pull request', () => {
  test.each([
    ['a Secret is missing', new TurnpikeError('SecretNotFound', 'No.', { retry: 'never' }), 40],
    ['the token is refused', new TurnpikeError('ForgeUnauthorized', 'No.', { retry: 'never' }), 310],
    ['the forge is away', new TurnpikeError('ForgeUnavailable', 'No.'), 20],
  ])('is asked for soon again when %s', async (_, error, seconds) => {
    const { forge, hear, look, staging } = setUp({});
    await look(0);
    hear('1.2.0', 10);
    await look(11);
    forge.says = () => 'closed';
    await look(200);
    expect(staging()?.phase).toBe('Rejected');
    forge.says = () => {
      throw error;
    };
    await look(200 + 86_400);
    forge.says = () => 'open';
    await look(200 + 86_400 + seconds - 15);
    expect(staging()?.phase).toBe('Rejected');
    await look(200 + 86_400 + seconds);
    expect(staging()?.phase).toBe('PullRequestOpen');
  });
});
