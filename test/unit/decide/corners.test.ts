import { describe, expect, test } from 'bun:test';
import type { Pipeline, PipelineSpec, PromotionStatus, PullRequestRef } from '../../../src/api/pipeline.ts';
import { wasMergedLast } from '../../../src/decide/model/merged.ts';
import { receiveEvent } from '../../../src/decide/observation/receive.ts';
import { contextOf, nextSteps, type PullRequestState } from '../../../src/decide/promotion/next.ts';
import { pollDue } from '../../../src/decide/promotion/poll.ts';
import { foldResult } from '../../../src/decide/promotion/result.ts';
import { foldTask } from '../../../src/decide/promotion/task-results.ts';
import { tasksFor } from '../../../src/decide/promotion/tasks.ts';
import { unrecorded } from '../../../src/decide/promotion/unrecorded.ts';
import { bounded } from '../../../src/decide/report/bounded.ts';
import { isSameRepository } from '../../../src/lib/forges/url/same-repository.ts';
import { mergedState } from '../../../src/promote/result.ts';
import {
  absent,
  at,
  event,
  eventsOnly,
  NOW,
  observed,
  pipeline,
  ready,
  running,
  spec,
  withState,
} from '../../fakes/pipeline.ts';

/** Promises where two things happen that do not seem to touch each other. */

const REPOSITORY = { url: 'https://git.example.com/acme/fleet', type: 'gitea', secret: 'forge' } as const;
const PULL: PullRequestRef = {
  url: 'https://git.example.com/acme/fleet/pulls/7',
  number: 7,
  commit: 'c0ffee',
  revision: '1.1.0',
  repository: REPOSITORY,
  branch: 'promotion-apps-app-staging',
  base: 'main',
};
const OPEN: PromotionStatus = {
  revision: '1.1.0',
  phase: 'PullRequestOpen',
  pullRequest: PULL,
  updatedAt: at(-60),
};
const RUNS = { dev: ready('1.1.0'), staging: ready('1.0.0'), prod: ready('1.0.0') };
const POLICY = { delaySeconds: 2, maxDelaySeconds: 20, threshold: 3, resyncSeconds: 600 };

function opened(change: Partial<PipelineSpec> = {}, promotion: Partial<PromotionStatus> = {}): Pipeline {
  const from = running({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }, change);
  return withState(from, 'staging', { promotion: { ...OPEN, ...promotion } });
}

function changed(change: object, manual = false): Partial<PipelineSpec> {
  const promotion = structuredClone(spec().promotion);
  const settings = promotion?.strategy['pull-request'];
  if (!promotion || !settings) throw new Error('the test needs a strategy');
  const strategy = { ...promotion.strategy, 'pull-request': { ...settings, ...change } };
  return { promotion: { ...promotion, strategy, ...(manual && { manual }) } };
}

function step(from: Pipeline, says?: PullRequestState, seconds = 0) {
  const pullRequests = says ? { staging: says } : {};
  return nextSteps({ pipeline: from, pullRequests, requested: false, now: new Date(at(seconds)) }).staging;
}

function promotionOf(from: Pipeline) {
  return from.status.environments?.staging?.promotion;
}

describe('a repository whose URL is written in another way', () => {
  test.each([
    ['https://git.example.com/acme/fleet.git', true],
    ['https://git.example.com/Acme/Fleet/', true],
    ['https://ada@git.example.com/acme/fleet', true],
    ['ssh://git@git.example.com:2222/acme/fleet.git', true],
    ['https://git.example.com/acme/other', false],
    ['https://git.example.com:8443/acme/fleet', false],
    ['https://git.example.org/acme/fleet', false],
    ['no URL', false],
  ])('%s is the same: %p', (url, isSame) => {
    expect(isSameRepository(REPOSITORY.url, url)).toBe(isSame);
  });

  test('keeps its pull request, and is reached as the spec has it now', () => {
    const url = 'https://git.example.com/acme/fleet.git';
    const { status } = observed({ ...opened(), spec: spec(changed({ url })) }, {});
    expect(status.abandoned).toBeUndefined();
    expect(status.environments?.staging?.promotion).toMatchObject({
      phase: 'PullRequestOpen',
      pullRequest: { number: 7, repository: { url } },
    });
  });
});

describe('a pull request that is left behind and needed after all', () => {
  const left = { environment: 'staging', pullRequest: { ...PULL, closing: 'Moved.' } };

  test('is none of those to be closed once an attempt has taken it up', () => {
    const from = withState(running({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }), 'staging', {
      promotion: { revision: '1.1.0', phase: 'Promoting' },
    });
    const result = { kind: 'pull-request', pullRequest: PULL } as const;
    const attempt = { environment: 'staging', revision: '1.1.0', result };
    const folded = foldResult({ ...from.status, abandoned: [left] }, attempt, POLICY, NOW);
    expect(folded.abandoned).toEqual([]);
  });

  test('is not closed while a promotion has it', () => {
    const from = opened();
    const both = { ...from, status: { ...from.status, abandoned: [left] } };
    const groups = tasksFor({ pipeline: both, pullRequests: {}, requested: false, now: NOW });
    expect(groups.flatMap(({ tasks }) => tasks.map(({ kind }) => kind))).toEqual(['check']);
  });

  test('that a person had closed is a no to what it brought, before the next promotion begins', () => {
    const url = 'https://git.example.com/acme/other';
    const moved = observed({ ...opened(), spec: spec(changed({ url })) }, RUNS);
    expect(step(moved)).toEqual({ kind: 'rest' });
    const [group] = tasksFor({ pipeline: moved, pullRequests: {}, requested: false, now: NOW });
    const [task] = group?.tasks ?? [];
    if (!group || !task) throw new Error('there is no task');
    const done = { ...group, task, result: { kind: 'done', found: 'closed' } } as const;
    const after = { ...moved, status: foldTask(moved.status, done, NOW) };
    expect(after.status.abandoned).toEqual([]);
    expect(after.status.environments?.staging?.rejected).toMatchObject([{ revision: '1.1.0' }]);
    expect(promotionOf(after)?.phase).toBe('Rejected');
    expect(step(after)).toEqual({ kind: 'rest' });
  });

  test('holds nothing up while its forge is away', () => {
    const url = 'https://git.example.com/acme/other';
    const moved = observed({ ...opened(), spec: spec(changed({ url })) }, RUNS);
    const [group] = tasksFor({ pipeline: moved, pullRequests: {}, requested: false, now: NOW });
    const [task] = group?.tasks ?? [];
    if (!group || !task) throw new Error('there is no task');
    const result = { kind: 'error', message: 'It is away.', retry: 'backoff' } as const;
    const after = { ...moved, status: foldTask(moved.status, { ...group, task, result }, NOW) };
    expect(step(after)).toMatchObject({ kind: 'promote', promotion: { revision: '1.1.0' } });
    const again = (seconds: number) =>
      tasksFor({ pipeline: after, pullRequests: {}, requested: false, now: new Date(at(seconds)) }).length;
    expect([again(1), again(59), again(60)]).toEqual([0, 0, 1]);
  });

  test('is not forgotten when the application is another one while it is to be closed', () => {
    const closing = { ...PULL, closing: 'staging already runs 1.1.0.' };
    const from = opened({}, { phase: 'Succeeded', pullRequest: closing });
    const after = observed({ ...from, spec: spec({ appRef: { ...spec().appRef, name: 'shop' } }) }, {});
    const groups = tasksFor({ pipeline: after, pullRequests: {}, requested: false, now: NOW });
    expect(groups).toMatchObject([
      { environment: 'staging', pullRequest: { number: 7 }, tasks: [{ kind: 'close' }] },
    ]);
  });
});

describe('a base branch that was deleted and is there again', () => {
  test('makes no no of what the forge closed with it', () => {
    const gone = step(opened(), 'lapsed');
    expect(gone).toMatchObject({
      kind: 'promote',
      promotion: { pullRequest: { endedAt: NOW.toISOString() } },
    });
    const promotion = gone && 'promotion' in gone ? gone.promotion : OPEN;
    const failed = withState(opened(), 'staging', { promotion: { ...promotion, phase: 'Failed' } });
    expect(step(failed, 'closed')).toMatchObject({ kind: 'promote', promotion: { phase: 'Promoting' } });
    const context = { pipeline: failed, pullRequests: {}, requested: true, now: NOW } as const;
    const [dev, staging] = failed.spec.environments;
    if (!dev || !staging) throw new Error('the test needs two environments');
    const states = failed.status.environments ?? {};
    const way = {
      previous: dev,
      previousState: states.dev ?? {},
      environment: staging,
      state: states.staging ?? {},
    };
    expect(pollDue({ ...context, ...way }, undefined, '1.1.0')).toBeUndefined();
  });
});

describe('what is merged and not deployed', () => {
  const merged = (change: Partial<PromotionStatus> = {}) => opened({}, { phase: 'Merged', ...change });

  test.each([
    ['the version that runs', { kind: 'differs', values: ['1.0.0'] }, 'reverted'],
    ['an older version', { kind: 'differs', values: ['0.9.0'] }, 'reverted'],
    ['a newer version, by hand', { kind: 'differs', values: ['1.2.0'] }, 'merged'],
    ['both', { kind: 'differs', values: ['1.0.0', '1.2.0'] }, 'merged'],
    ['something that cannot be compared', { kind: 'differs', values: ['main@sha1:aa'] }, 'merged'],
    ['the revision at some places', { kind: 'partly', values: ['1.0.0'] }, 'merged'],
    ['the revision', { kind: 'in-base' }, 'merged'],
  ] as const)('is known by what the base branch has: %s', (_, base, state) => {
    expect(mergedState(base, { revision: '1.1.0', runs: '1.0.0' })).toBe(state);
  });

  test('is known by the tag or digest where that is what is written', () => {
    const request = { revision: '1.1.0@sha256:bb', runs: '1.0.0@sha256:aa' };
    expect(mergedState({ kind: 'differs', values: ['sha256:aa'] }, request)).toBe('reverted');
    expect(mergedState({ kind: 'differs', values: ['sha256:cc'] }, request)).toBe('merged');
  });

  test('begins anew where the spec promotes to another branch or repository by now', () => {
    for (const change of [{ baseBranch: 'release' }, { url: 'https://git.example.com/acme/other' }]) {
      const after = observed({ ...merged(), spec: spec(changed(change)) }, {});
      expect(promotionOf(after)).toMatchObject({ revision: '1.1.0', phase: 'Pending' });
      expect(after.status.abandoned).toBeUndefined();
    }
    const into = { url: REPOSITORY.url, branch: 'main' };
    const { pullRequest: _, ...pushed } = { ...OPEN, phase: 'Merged' as const, into };
    const from = withState(running({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }), 'staging', {
      promotion: pushed,
    });
    expect(
      promotionOf(observed({ ...from, spec: spec(changed({ baseBranch: 'release' })) }, {}))?.phase,
    ).toBe('Pending');
    expect(promotionOf(observed(from, {}))?.phase).toBe('Merged');
  });

  test('is looked at again and again, also where its pull request is over', () => {
    const from = merged({ pullRequest: { ...PULL, endedAt: at(-30) }, updatedAt: at(-4000) });
    const [dev, staging] = from.spec.environments;
    if (!dev || !staging) throw new Error('the test needs two environments');
    const states = from.status.environments ?? {};
    const way = {
      previous: dev,
      previousState: states.dev ?? {},
      environment: staging,
      state: states.staging ?? {},
    };
    const context = { pipeline: from, pullRequests: {}, requested: false, now: NOW, ...way };
    expect(pollDue(context, undefined, '1.1.0')).toBe(0);
  });

  test('that was rejected has succeeded once the environment runs it', () => {
    const from = withState(running({ dev: '1.1.0', staging: '1.1.0', prod: '1.0.0' }), 'staging', {
      promotion: { ...OPEN, phase: 'Rejected', pullRequest: { ...PULL, endedAt: at(-60) } },
      rejected: [{ revision: '1.1.0', at: at(-60), by: 'pull request #7' }],
    });
    expect(step(from)).toMatchObject({ kind: 'record', promotion: { phase: 'Succeeded' } });
  });

  test('is no open pull request any more after its promotion has ended', () => {
    const from = withState(merged(), 'staging', {
      targets:
        running({ dev: '1.1.0', staging: '1.3.0', prod: '1.0.0' }).status.environments?.staging?.targets ??
        [],
    });
    const ended = step(from);
    expect(ended).toMatchObject({
      promotion: { phase: 'Superseded', pullRequest: { endedAt: NOW.toISOString() } },
    });
  });

  test('and rolled back in the previous environment says what to do', () => {
    const from = observed(merged(), { dev: ready('1.0.0'), staging: ready('1.0.0'), prod: ready('1.0.0') });
    expect(step(from)).toMatchObject({
      promotion: {
        message: '1.1.0 is merged, but was rolled back in dev: revert the merge to keep it from staging.',
      },
    });
  });
});

describe('a change that is to reach an open pull request', () => {
  test('is taken up by the process after the one that ended meanwhile', () => {
    const requested = {
      pipeline: opened(),
      pullRequests: { staging: 'open' },
      requested: true,
      now: NOW,
    } as const;
    const rebuild = nextSteps(requested).staging;
    if (rebuild?.kind !== 'promote') throw new Error('nothing is rebuilt');
    const recorded = withState(opened(), 'staging', { promotion: rebuild.promotion });
    expect(step(recorded, 'open', 1)).toMatchObject({
      kind: 'promote',
      promotion: { phase: 'PullRequestOpen' },
    });
  });
});

describe('a canary in the environment that is promoted into', () => {
  const environments = [
    { name: 'dev', targets: [{ namespace: 'dev' }] },
    { name: 'staging', targets: [{ namespace: 'a' }, { namespace: 'b' }] },
  ];
  const look = (from: Pipeline, a: string) =>
    observed(from, { dev: ready('1.1.0'), staging: [ready(a), ready('1.0.0')] });

  test('ends no promotion and loses no approval', () => {
    const promotion = { ...OPEN, approvedBy: 'ada' };
    const before = withState(look(pipeline({ environments }), '1.0.0'), 'staging', { promotion });
    const canary = look(before, '1.2.0');
    expect(step(canary, 'open')?.kind).toBe('rest');
    const groups = tasksFor({
      pipeline: canary,
      pullRequests: { staging: 'open' },
      requested: false,
      now: NOW,
    });
    expect(groups[0]?.tasks).toMatchObject([{ kind: 'check', state: 'pending' }]);
    expect(promotionOf(look(canary, '1.0.0'))).toMatchObject({ phase: 'PullRequestOpen', approvedBy: 'ada' });
  });
});

describe('an event about an application that is gone', () => {
  const gone = () => {
    const from = running({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' });
    const promotion = { revision: '1.1.0', phase: 'Pending', approvedBy: 'ada' } as const;
    const approved = withState(from, 'staging', { promotion });
    return observed(approved, { dev: absent, staging: ready('1.0.0'), prod: ready('1.0.0') });
  };

  test('replaces no promotion', () => {
    const receipt = receiveEvent(gone(), 'dev', event({}, '1.2.0'), NOW);
    expect(receipt).toMatchObject({ outcome: 'recorded' });
    expect(receipt.status?.environments?.staging?.promotion).toMatchObject({
      revision: '1.1.0',
      approvedBy: 'ada',
    });
    expect(receipt.status?.environments?.dev?.targets?.[0]?.revision).toBeUndefined();
  });

  test('is written once, however often it is repeated', () => {
    const first = receiveEvent(gone(), 'dev', event({}, '1.2.0'), NOW);
    const from = { ...gone(), status: first.status ?? {} };
    const again = receiveEvent(from, 'dev', event({ timestamp: at(60) }, '1.2.0'), new Date(at(60)));
    expect([again.kind === 'taken' && again.outcome, again.status]).toEqual(['unchanged', undefined]);
  });
});

describe('an event that nobody has looked at before the next one comes', () => {
  test('is remembered: the soak of what came back begins anew', () => {
    const change = { promotion: { ...spec().promotion, gates: { soak: '1h' } } as PipelineSpec['promotion'] };
    let from = eventsOnly({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }, change);
    for (const [revision, seconds] of [
      ['1.2.0', 3000],
      ['1.1.0', 3100],
    ] as const) {
      const { status } = receiveEvent(
        from,
        'dev',
        event({ timestamp: at(seconds) }, revision),
        new Date(at(seconds)),
      );
      from = { ...from, status: status ?? {} };
    }
    expect(step(observed(from, {}, new Date(at(3700))), undefined, 3700)?.kind).not.toBe('promote');
  });

  test('that is older than what was read of a target before its cluster went away is outdated', () => {
    const environments = [
      { name: 'dev', targets: [{ namespace: 'a' }, { namespace: 'b' }] },
      { name: 'staging', targets: [{ namespace: 'staging' }] },
    ];
    const read = observed(pipeline({ environments }), {
      dev: [ready('1.2.0'), ready('1.1.0')],
      staging: ready('1.0.0'),
    });
    const away = { kind: 'unreadable', error: 'away' } as const;
    const from = observed(read, { dev: [away, ready('1.1.0')], staging: ready('1.0.0') });
    const late = receiveEvent(from, 'dev', event({ timestamp: at(-120) }, '1.1.0', 'a'), NOW);
    expect(late).toMatchObject({ outcome: 'outdated' });
  });
});

describe('auto-merge', () => {
  test('waits for an approval that is asked for while the pull request is open', () => {
    const kinds = (promotion: Partial<PromotionStatus>) => {
      const from = opened(changed({ merge: 'auto' }, true), promotion);
      const situation = {
        pipeline: from,
        pullRequests: { staging: 'open' as const },
        requested: false,
        now: NOW,
      };
      return tasksFor(situation)[0]?.tasks.map(({ kind }) => kind);
    };
    expect(kinds({})).toEqual(['check']);
    expect(kinds({ approvedBy: 'ada' })).toEqual(['check', 'merge']);
  });
});

describe('a poll', () => {
  test('is no more frequent while a newer revision may not come yet', () => {
    const change = {
      promotion: { ...spec().promotion, gates: { soak: '24h' } } as PipelineSpec['promotion'],
    };
    const old = withState(running({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }, change), 'staging', {
      promotion: OPEN,
    });
    const soaked = {
      ...old,
      status: {
        ...old.status,
        executions: [
          {
            revision: '1.1.0',
            startedAt: at(-90_000),
            outcome: 'InProgress' as const,
            environments: { dev: { deployedAt: at(-90_000) } },
          },
        ],
      },
    };
    const from = observed(soaked, { dev: ready('1.2.0'), staging: ready('1.0.0'), prod: ready('1.0.0') });
    const [dev, staging] = from.spec.environments;
    if (!dev || !staging) throw new Error('the test needs two environments');
    const states = from.status.environments ?? {};
    const way = {
      previous: dev,
      previousState: states.dev ?? {},
      environment: staging,
      state: states.staging ?? {},
    };
    const context = { pipeline: from, pullRequests: {}, requested: false, now: NOW, ...way };
    const asked = { at: NOW.getTime() - 6000, changedAt: undefined, isHeld: false };
    expect(pollDue(context, asked, '1.2.0')).toBeGreaterThan(0);
  });
});

describe('the status of a Pipeline with few targets', () => {
  test('is bounded as well where many long revisions were rejected', () => {
    const environments = Array.from({ length: 19 }, (_, index) => ({
      name: `e${index}`,
      targets: [{ namespace: `n${index}` }],
    }));
    const rejected = Array.from({ length: 50 }, (_, index) => ({
      revision: `${index}`.padStart(512, 'x'),
      at: at(0),
      by: 'pull request #7',
    }));
    const states = environments.map(({ name }) => [name, { rejected }] as const);
    const small = bounded(spec({ environments }), { environments: Object.fromEntries(states) });
    expect(JSON.stringify(small).length).toBeLessThan(400_000);
  });
});

describe('a revision that was rejected', () => {
  test('is asked about before another one takes its place: it may have been opened again', () => {
    const rejected = withState(opened(), 'staging', { promotion: { ...OPEN, phase: 'Rejected' } });
    const newer = observed(rejected, { ...RUNS, dev: ready('1.2.0') });
    const [previous, environment] = newer.spec.environments;
    if (!previous || !environment) throw new Error('the test needs two environments');
    const due = (from: Pipeline, asked: number, available: string) => {
      const situation = { pipeline: from, pullRequests: {}, requested: false, now: new Date(at(20)) };
      const last = { at: Date.parse(at(asked)), isHeld: false, changedAt: undefined };
      return pollDue(contextOf(situation, previous, environment), last, available);
    };
    expect(due(newer, 15, '1.2.0')).toBe(0);
    expect(due(newer, 16, '1.2.0')).toBeGreaterThan(0);
    expect(due(rejected, -20, '1.1.0')).toBeGreaterThan(0);
    // What the environment runs already takes no place.
    expect(due(rejected, -20, '1.0.0')).toBeGreaterThan(0);
  });
});

describe('a revision that is merged', () => {
  test('is recorded, and asked about once, before the next one takes its place', () => {
    const newer = observed(opened(), { ...RUNS, dev: ready('1.2.0') });
    const found = step(newer, 'merged');
    expect(found).toMatchObject({
      kind: 'record',
      promotion: { revision: '1.1.0', phase: 'Merged' },
      merged: { revision: '1.1.0', into: { url: REPOSITORY.url, branch: 'main' } },
      wakeAfter: 15,
    });
    expect(step(newer, 'open')?.merged).toBeUndefined();
    if (found?.kind !== 'record') throw new Error('nothing is recorded');
    const merged = withState(newer, 'staging', { promotion: found.promotion });
    const due = (asked?: number, seconds = 60) => {
      const now = new Date(at(seconds));
      const situation = { pipeline: merged, pullRequests: {}, requested: false, now };
      const last =
        asked === undefined
          ? undefined
          : { at: Date.parse(at(asked)), hasFailed: false, isHeld: false, changedAt: undefined };
      const [previous, environment] = merged.spec.environments;
      if (!previous || !environment) throw new Error('the test needs two environments');
      return pollDue(contextOf(situation, previous, environment), last, '1.2.0');
    };
    expect(due()).toBe(0);
    expect(due(-30)).toBe(0);
    expect(due(58)).toBeGreaterThan(0);
    // Its repository may not show the merge yet.
    expect([due(undefined, 5), due(-30, 5)]).toEqual([10, 10]);
    expect(step(merged)).toEqual({ kind: 'rest', wakeAfter: 15 });
    const shown = withState(newer, 'staging', { promotion: { ...found.promotion, updatedAt: at(-15) } });
    expect(step(shown, 'merged')).toMatchObject({ kind: 'promote', promotion: { revision: '1.2.0' } });
    const reverted = step(shown, 'reverted');
    expect(reverted).toMatchObject({ promotion: { revision: '1.2.0' } });
    expect(reverted?.rejected).toMatchObject([{ revision: '1.1.0' }]);
  });

  test('a second time was merged last then', () => {
    const merged = (revision: string, seconds: number) => ({
      promotion: { ...OPEN, revision, phase: 'Merged' as const, updatedAt: at(seconds) },
    });
    let from = opened();
    for (const [revision, seconds] of [
      ['1.1.0', 10],
      ['1.2.0', 20],
      ['1.1.0', 30],
    ] as const) {
      const dev = observed(from, { ...RUNS, dev: ready(revision) }, new Date(at(seconds)));
      from = observed(
        withState(dev, 'staging', merged(revision, seconds)),
        { ...RUNS, dev: ready(revision) },
        new Date(at(seconds)),
      );
    }
    const times = from.status.executions?.map((one) => [one.revision, one.environments?.staging?.mergedAt]);
    expect(Object.fromEntries(times ?? [])).toMatchObject({
      '1.1.0': at(30).replace('.000Z', 'Z'),
      '1.2.0': at(20).replace('.000Z', 'Z'),
    });
  });
});

describe('a revision that was merged last', () => {
  const url = 'https://git.example.com/acme/fleet';
  const merged = withState(opened(), 'staging', {
    promotion: { ...OPEN, phase: 'Merged', updatedAt: at(10) },
  });
  const { status } = observed(merged, RUNS, new Date(at(10)));

  test.each([
    ['where it is promoted to', { url: `${url}.git`, branch: 'main' }, true],
    ['in another repository than now', { url: 'https://git.example.com/acme/other', branch: 'main' }, false],
    ['into another branch than now', { url, branch: 'release' }, false],
    ['where nothing can be looked at', undefined, true],
  ])('is told from one that was merged elsewhere: %s', (_, into, expected) => {
    expect(wasMergedLast(status, '1.1.0', { environment: 'staging', into })).toBe(expected);
  });
});

describe('two revisions that were merged within a second', () => {
  test('are both looked for in the base branch: neither is known to be the last', () => {
    const stages = { staging: { mergedAt: at(10) } };
    const executions = ['1.2.0', '1.1.0'].map((revision) => ({
      revision,
      startedAt: at(0),
      outcome: 'InProgress' as const,
      environments: stages,
    }));
    for (const { revision } of executions) {
      expect(wasMergedLast({ executions }, revision, { environment: 'staging', into: undefined })).toBe(
        false,
      );
    }
  });
});

describe('a pull request of another application', () => {
  test('that a person closed says nothing of the versions of this one', () => {
    const appRef = { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: 'shop' } as const;
    const from = observed(opened(), RUNS);
    const other = observed({ ...from, spec: { ...from.spec, appRef } }, RUNS);
    expect(promotionOf(other)).toMatchObject({ phase: 'Superseded', pullRequest: { number: 7 } });
    expect(promotionOf(other)?.pullRequest?.revision).toBeUndefined();
    const closed = step(other, 'closed');
    expect(closed?.rejected ?? []).toEqual([]);
  });
});

describe('a pull request that conflicts', () => {
  const others = {
    pullRequest: { ...PULL, others: true as const },
    message: 'Waits until pull request #7 is merged.',
  };

  test('and holds commits of others says who is to resolve that, until it is resolved', () => {
    const from = observed(opened({}, others), RUNS);
    const conflicting = step(from, 'conflicting');
    const message =
      'Waits until pull request #7 is merged. The forge does not find it mergeable: where it conflicts with its base branch, resolve that on its branch, where commits of others are.';
    expect(conflicting).toMatchObject({ kind: 'record', promotion: { phase: 'PullRequestOpen', message } });
    const said = withState(from, 'staging', { promotion: { ...OPEN, ...others, message } });
    expect(step(said, 'conflicting')).toMatchObject({ kind: 'rest' });
    expect(step(said, 'open')).toMatchObject({ kind: 'record', promotion: { message: others.message } });
    // Nobody asked in this look.
    expect(step(said)).toMatchObject({ kind: 'rest' });
  });

  /** The attempt found the branch as it was. */
  function attempted(from: Pipeline, promotion: PromotionStatus): Pipeline {
    const intent = withState(from, 'staging', { promotion });
    const result = { kind: 'pull-request', pullRequest: PULL } as const;
    const attempt = { environment: 'staging', revision: '1.1.0', result };
    return { ...intent, status: foldResult(intent.status, attempt, POLICY, NOW) };
  }

  test('is rebuilt at once though a person asked in vain before its base moved', () => {
    const times = { pushedAt: at(-200), rebuiltAt: at(-200) };
    const from = observed(opened({}, { pullRequest: { ...PULL, ...times } }), RUNS);
    const asked = nextSteps({
      pipeline: from,
      pullRequests: { staging: 'open' },
      requested: true,
      now: NOW,
    }).staging;
    if (asked?.kind !== 'promote') throw new Error('nothing is looked at');
    const after = attempted(from, asked.promotion);
    expect(promotionOf(after)?.pullRequest).toMatchObject(times);
    expect(step(after, 'conflicting', 5)).toMatchObject({ kind: 'promote' });
  });

  test.each([
    ['conflicting', {}],
    ['open', { outdated: true as const }],
  ] as const)('is left for a while where the same was tried in vain (%s)', (says, change) => {
    const times = { pushedAt: at(-3600), rebuiltAt: at(-3600), ...change };
    const from = observed(opened({}, { pullRequest: { ...PULL, ...times } }), RUNS);
    const tried = step(from, says);
    if (tried?.kind !== 'promote') throw new Error('nothing is looked at');
    expect(tried.promotion.pullRequest).toMatchObject({ pushedAt: at(-3600), rebuiltAt: at(0) });
    const after = attempted(from, tried.promotion);
    const again = withState(after, 'staging', {
      promotion: { ...OPEN, pullRequest: { ...PULL, ...promotionOf(after)?.pullRequest, ...change } },
    });
    expect(step(again, says, 200)).toMatchObject({ kind: 'rest' });
    expect(step(again, says, 301)).toMatchObject({ kind: 'promote' });
  });
});

describe('an event of a sender whose clock is ahead', () => {
  test('holds nothing back that the application shows otherwise', () => {
    const from = opened();
    const sent = receiveEvent(from, 'dev', event({ timestamp: at(500) }, '1.2.0'), NOW);
    const after = observed({ ...from, status: sent.status ?? from.status }, RUNS, new Date(at(1)));
    expect(after.status.environments?.dev?.deployment).toMatchObject({ revision: '1.1.0', source: 'watch' });
  });
});

describe('a revision that one of several targets has already', () => {
  test('comes to the others, also where the next environment takes what one target runs', () => {
    const environments = [
      { name: 'dev', targets: [{ namespace: 'dev' }] },
      { name: 'staging', targets: [{ namespace: 'eu' }, { namespace: 'us' }] },
      { name: 'prod', targets: [{ namespace: 'prod' }], promotion: anyTarget() },
    ];
    const look = (from: Pipeline, dev: string) =>
      observed(from, { dev: ready(dev), staging: [ready('1.1.0'), ready('1.0.0')], prod: ready('1.0.0') });
    const from = look(look(pipeline({ environments }), '1.0.0'), '1.1.0');
    expect(step(from)).toMatchObject({ kind: 'promote', promotion: { revision: '1.1.0' } });
  });

  function anyTarget() {
    const { promotion } = spec();
    if (!promotion) throw new Error('the test needs a strategy');
    return { ...promotion, gates: { targets: 'any' as const } };
  }
});

describe('a promotion that was tried without that being recorded', () => {
  const tried = { revision: '1.1.0', phase: 'Promoting', attempts: 1 } as const;
  const later = observed(withState(opened(), 'staging', { promotion: tried }), {
    ...RUNS,
    dev: ready('1.2.0'),
  });

  test.each([
    ['ends', { kind: 'record', promotion: { ...tried, phase: 'Superseded' } }, 1],
    ['makes way for the next one', { kind: 'promote', promotion: { ...tried, revision: '1.2.0' } }, 1],
    ['goes on', { kind: 'promote', promotion: tried }, 0],
    ['waits', { kind: 'rest' }, 0],
  ] as const)('is looked for when it %s', (_, staging, count) => {
    expect(unrecorded(later, { staging })).toHaveLength(count);
  });
});
