import { describe, expect, test } from 'bun:test';
import { ALLOWED_HOSTS } from '../../../src/api/group.ts';
import type {
  Execution,
  Pipeline,
  PipelineSpec,
  PromotionStatus,
  PullRequestRef,
  Strategy,
} from '../../../src/api/pipeline.ts';
import type { PullRequestTask } from '../../../src/decide/promotion/task.ts';
import { untilAborted } from '../../../src/lib/async/abort.ts';
import type { AttemptTime } from '../../../src/lib/async/attempt-time.ts';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import { concluded, type PromotionRequest } from '../../../src/promote/strategy.ts';
import { createPromoter, type PromoterDeps } from '../../../src/reconcile/promoter.ts';
import { failureOf } from '../../fakes/failure.ts';
import { at, pipeline, spec } from '../../fakes/pipeline.ts';
import { settled } from '../../fakes/schedule.ts';
import { CERTIFICATES } from '../../fixtures/pipelines/certificates.ts';

const CLOSE: PullRequestTask = { kind: 'close', reason: 'Too old.' };
const REF: PullRequestRef = {
  url: 'https://old.example.com/acme/fleet/pulls/12',
  number: 12,
  revision: '1.1.0',
  repository: { url: 'https://old.example.com/acme/fleet', type: 'gitea', secret: 'old' },
  branch: 'promotion-apps-app-staging',
  base: 'main',
  commit: 'c0ffee',
};
const OLD = {
  url: 'https://old.example.com/acme/fleet',
  type: 'gitea',
  baseBranch: 'main',
  secretRef: { name: 'old' },
} as const;

function by(strategy: Partial<Strategy>): Partial<PipelineSpec> {
  return { promotion: { strategy: { secretRef: { name: 'hook' }, ...strategy } } };
}

const ELSEWHERE = by({
  'pull-request': {
    type: 'gitlab',
    url: 'https://new.example.com/acme/other',
    baseBranch: 'live',
    secretRef: { name: 'new' },
  },
});
const SAME = by({ 'pull-request': { ...OLD, baseBranch: 'live', secretRef: { name: 'renewed' } } });
const BY_PUSH = by({
  push: { url: 'https://new.example.com/acme/other', branch: 'live', secretRef: { name: 'new' } },
});
const NOTIFIED = by({ notification: {} });

/** Each Secret's token is called after it. */
const secrets: PromoterDeps['readSecret'] = async (_, name) =>
  name === 'none' ? undefined : { values: new Map([['token', Buffer.from(`token-of-${name}`)]]) };

/** A promoter whose strategies write down what they are asked for. */
function setUp(change: Partial<PromoterDeps> = {}) {
  const asked: unknown[][] = [];
  const sources: PromotionRequest['source'][] = [];
  const never = () => Promise.reject(new Error('nothing is to be promoted'));
  const promoter = createPromoter({
    policy: {},
    pullRequests: {
      async prepare(request) {
        asked.push(['promote', request.pullRequest]);
        sources.push(request.source);
        return concluded({ kind: 'closed' });
      },
      async runTask(request, access) {
        asked.push(['runTask', request, access]);
        return { kind: 'done' };
      },
      async state(request, access) {
        asked.push(['state', request, access]);
        return 'open';
      },
      async find(request, access) {
        asked.push(['find', request.environment, request.settings, access]);
        return undefined;
      },
      async inBase(request, settings, access) {
        asked.push(['inBase', request.revision, settings, access]);
        return 'reverted';
      },
    },
    pushes: {
      prepare: never,
      async inBase(request, settings, access) {
        asked.push(['pushed', request.revision, settings, access]);
        return 'merged';
      },
    },
    notifications: { prepare: never },
    readSecret: secrets,
    signal: new AbortController().signal,
    ...change,
  });
  return {
    asked,
    sources,
    runTask: (from: Pipeline, pullRequest = REF, environment = 'staging') =>
      promoter.runTask({ pipeline: from, environment, pullRequest }, CLOSE),
    state: (from: Pipeline, promotion: Partial<PromotionStatus>) =>
      promoter.pullRequestState(jobOf(from, promotion)),
    promote: (from: Pipeline, promotion: Partial<PromotionStatus>) =>
      promoter.promote({ ...jobOf(from, promotion), recorded: Promise.resolve() }),
    attempt: (from: Pipeline, recorded: Promise<unknown>) =>
      promoter.promote({ ...jobOf(from, { phase: 'Promoting' }), recorded }),
  };
}

function jobOf(from: Pipeline, change: Partial<PromotionStatus>) {
  const environment = from.spec.environments[1] ?? { name: '', targets: [] };
  const promotion: PromotionStatus = { revision: '1.1.0', phase: 'PullRequestOpen', ...change };
  return { pipeline: from, environment, promotion };
}

const SHOP = { appRef: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: 'shop' } };
const REVERSED = { environments: spec().environments.toReversed() };
const WITHOUT = { environments: spec().environments.filter(({ name }) => name !== 'staging') };

const CHANGES: readonly (readonly [string, Partial<PipelineSpec>])[] = [
  ['the repository is another one', ELSEWHERE],
  ['the application and the repository are other ones', { ...ELSEWHERE, ...SHOP }],
  ['it is pushed to the branch itself', BY_PUSH],
  ['it is promoted by notification', NOTIFIED],
  ['the environment is gone', { ...ELSEWHERE, ...WITHOUT }],
  ['all of it is changed in one go', { ...BY_PUSH, ...SHOP, ...REVERSED }],
];

describe('a recorded pull request', () => {
  test.each(CHANGES)('is acted on where it is, with the Secret of then, when %s', async (_, change) => {
    const { asked, runTask } = setUp();
    expect(await runTask(pipeline(change))).toEqual({ kind: 'done' });
    const about = { pipeline: { namespace: 'apps', name: 'app' }, environment: 'staging' };
    const request = { ...about, task: CLOSE, pullRequest: REF, settings: OLD };
    expect(asked).toEqual([['runTask', request, { token: 'token-of-old' }]]);
  });

  test('is asked about where it is', async () => {
    const { asked, state } = setUp();
    const change = { ...ELSEWHERE, ...SHOP };
    expect(await state(pipeline(change), { pullRequest: REF })).toBe('open');
    await state(pipeline(change), { pullRequest: REF, phase: 'Rejected' });
    expect(asked).toMatchObject([
      ['state', { settings: OLD, pullRequest: REF, isClosed: false }, { token: 'token-of-old' }],
      ['state', { settings: OLD, isClosed: true }, { token: 'token-of-old' }],
    ]);
  });

  test('is reached by the Secret that the spec names now, where the repository is the same', async () => {
    const { asked, runTask } = setUp();
    await runTask(pipeline(SAME));
    expect(asked).toMatchObject([['runTask', {}, { token: 'token-of-renewed' }]]);
  });

  test('of an earlier version is reached as the spec says, and as it is not known otherwise', async () => {
    const { repository: _, ...unknown } = REF;
    const { asked, runTask, state } = setUp();
    await runTask(pipeline(SAME), unknown);
    expect(asked).toMatchObject([['runTask', { pullRequest: unknown }, { token: 'token-of-renewed' }]]);
    expect(await runTask(pipeline(NOTIFIED), unknown)).toEqual({
      kind: 'error',
      retry: 'never',
      message: `It is not known how to reach the repository of ${REF.url}: staging is no longer promoted by pull request.`,
    });
    expect(await state(pipeline(NOTIFIED), { pullRequest: unknown })).toBe('missing');
    expect(asked).toHaveLength(1);
  });
});

/** What an environment of its own way to the repository names. */
const PARTS = {
  certSecretRef: { name: 'tls' },
  proxySecretRef: { name: 'proxy' },
  commit: { signingKeySecretRef: { name: 'signing' } },
} as const;

describe('Secrets of their own', () => {
  const KEY = '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----';
  const CA = `${CERTIFICATES.valid}\n`;
  const BY_PARTS = by({ 'pull-request': { ...OLD, ...PARTS } });
  const VALUES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    old: { token: 't', 'ca.crt': 'is not read', 'tls.crt': 'is not read', 'signing-key': 'is not read' },
    plain: { token: 't' },
    tls: { 'ca.crt': CA, token: 'is not read' },
    proxy: { address: 'http://proxy.example.com:3128', username: 'me', password: 'p' },
    signing: { 'git.asc': KEY, passphrase: 'p w' },
  };

  function reading(allowed: Readonly<Record<string, readonly string[]>> = {}, without?: string) {
    const read: string[] = [];
    const readSecret: PromoterDeps['readSecret'] = async (_, name) => {
      read.push(name);
      const keys = name === without ? undefined : VALUES[name];
      const allowedHosts = allowed[name];
      if (!keys) return undefined;
      const values = new Map(Object.entries(keys).map(([key, value]) => [key, Buffer.from(value)]));
      return { values, ...(allowedHosts && { allowedHosts }) };
    };
    return { read, readSecret };
  }

  const refuse = () => Promise.reject(new Error('it is not asked for'));
  const asking = { runTask: refuse, state: refuse, find: refuse, inBase: refuse };
  const access = { token: 't', caFile: CA, proxy: 'http://me:p@proxy.example.com:3128/' };

  test('take the place of the keys of secretRef', async () => {
    const { readSecret, read } = reading();
    const given: unknown[] = [];
    const { promote } = setUp({
      readSecret,
      pullRequests: {
        ...asking,
        async prepare(_request, _settings, credentials) {
          given.push(credentials);
          return concluded({ kind: 'closed' });
        },
      },
    });
    expect(await promote(pipeline(BY_PARTS), { phase: 'Promoting' })).toEqual({ kind: 'closed' });
    expect(given).toEqual([{ ...access, signing: { key: KEY, passphrase: 'p w' } }]);
    expect(read).toEqual(['old', 'tls', 'proxy', 'signing']);
  });

  test('that sign commits are read only where some are made', async () => {
    const { readSecret, read } = reading();
    const { runTask, asked } = setUp({ readSecret });
    expect(await runTask(pipeline(BY_PARTS))).toEqual({ kind: 'done' });
    expect(asked).toMatchObject([['runTask', {}, access]]);
    expect(read).toEqual(['old', 'tls', 'proxy']);
  });

  test.each(['tls', 'proxy'])('lead to the repository of then: %s is recorded', async (name) => {
    const own = { url: OLD.url, type: OLD.type, secret: 'plain' };
    const repository = { ...own, [name === 'tls' ? 'certSecret' : 'proxySecret']: name };
    const { readSecret, read } = reading();
    const { runTask } = setUp({ readSecret });
    expect(await runTask(pipeline(ELSEWHERE), { ...REF, repository })).toEqual({ kind: 'done' });
    expect(read).toEqual(['plain', name]);
  });

  test('that are no good for signing keep nothing from being closed', async () => {
    const readSecret: typeof secrets = async () => {
      return {
        values: new Map([
          ['token', Buffer.from('t')],
          ['signing-key', Buffer.from('none')],
        ]),
      };
    };
    const { runTask, promote } = setUp({ readSecret });
    expect(await runTask(pipeline(SAME))).toEqual({ kind: 'done' });
    expect(await promote(pipeline(SAME), { phase: 'Promoting' })).toMatchObject({
      message: expect.stringContaining('no private key under signing-key'),
    });
  });

  test.each(['tls', 'proxy', 'signing'])('stop a promotion where one is missing: %s', async (name) => {
    const { promote } = setUp({ readSecret: reading({}, name).readSecret });
    const result = await promote(pipeline(BY_PARTS), { phase: 'Promoting' });
    expect(result).toMatchObject({ kind: 'error', retry: 'never' });
    expect(result).toMatchObject({ message: expect.stringContaining(`Secret apps/${name} does not exist`) });
  });

  const HOSTS = ['old.example.com'];
  const REFUSED: readonly (readonly [string, Readonly<Record<string, readonly string[]>>, string])[] = [
    [
      'for TLS are for other hosts',
      { tls: ['else.com'] },
      "Secret apps/tls may not be sent to this repository's",
    ],
    ['that sign are for other hosts', { signing: ['else.com'] }, 'Secret apps/signing may not be sent to'],
    [
      'with a proxy are for another one',
      { proxy: HOSTS },
      'Secret apps/proxy may not be sent through the proxy',
    ],
    ['that sign are not for it', { signing: HOSTS }, 'Secret apps/signing may not be sent through the proxy'],
    ['for TLS are not for it', { tls: HOSTS }, 'Secret apps/tls may not be sent through the proxy'],
    ['with credentials are not for it', { old: HOSTS }, 'Secret apps/old may not be sent through the proxy'],
  ];
  test.each(REFUSED)('that %s are refused', async (_, allowed, words) => {
    const { promote, asked } = setUp({ readSecret: reading(allowed).readSecret });
    const result = await promote(pipeline(BY_PARTS), { phase: 'Promoting' });
    expect(result).toMatchObject({ kind: 'error', retry: 'never', message: expect.stringContaining(words) });
    expect(asked).toEqual([]);
  });

  test('are sent nowhere without hosts, where --require-allowed-hosts asks for them', async () => {
    const hosts = [...HOSTS, 'proxy.example.com'];
    const policy = { requireAllowedHosts: true };
    const names = ['old', 'tls', 'signing', 'proxy'];
    for (const without of names) {
      const allowed = Object.fromEntries(names.filter((one) => one !== without).map((one) => [one, hosts]));
      const { promote } = setUp({ policy, readSecret: reading(allowed).readSecret });
      expect(await promote(pipeline(BY_PARTS), { phase: 'Promoting' })).toMatchObject({
        message: expect.stringContaining(`Secret apps/${without} may not be sent anywhere`),
      });
    }
  });
});

describe('an attempt', () => {
  const { revision: _, ...unsaid } = REF;

  test('says which revision the pull request brings, also where an earlier version recorded it', async () => {
    const { asked, promote } = setUp();
    await promote(pipeline(SAME), { pullRequest: REF, revision: '1.2.0', phase: 'Promoting' });
    await promote(pipeline(SAME), { pullRequest: unsaid });
    expect(asked).toEqual([
      ['promote', REF],
      ['promote', REF],
    ]);
  });

  test('at what has nothing new is no failure', async () => {
    const pushes: PromoterDeps['pushes'] = {
      inBase: async () => 'merged',
      prepare: async () => {
        throw new TurnpikeError('NothingNew', 'main@1234567 has nothing new.', { retry: 'never' });
      },
    };
    const { promote } = setUp({ pushes });
    expect(await promote(pipeline(BY_PUSH), { phase: 'Promoting' })).toEqual({
      kind: 'needless',
      message: 'main@1234567 has nothing new.',
    });
  });

  test('says nothing of it where that is not known', async () => {
    const { asked, promote } = setUp();
    await promote(pipeline(SAME), { pullRequest: unsaid, phase: 'Promoting' });
    expect(asked).toEqual([['promote', unsaid]]);
  });
});

describe('the deployment that an attempt reports', () => {
  const execution = (revision: string, deployedAt: string): Execution => {
    return { revision, startedAt: deployedAt, outcome: 'InProgress', environments: { dev: { deployedAt } } };
  };
  const EXECUTIONS = [
    execution('1.2.0', at(-100)),
    execution('1.1.0', at(-3600)),
    execution('1.0.0', at(-7200)),
  ];
  /** dev was reconciled a moment ago. */
  const seen = (revision: string, executions: Execution[]) => {
    const deployment = { revision, phase: 'Succeeded', observedAt: at(-1), source: 'watch' } as const;
    return pipeline(SAME, { environments: { dev: { deployment } }, executions });
  };

  test.each<[string, Pipeline, string | undefined]>([
    ['is that of the revision, and no reconciliation after it', seen('1.1.0', EXECUTIONS), at(-3600)],
    ['is that of the revision where dev has gone on since', seen('1.2.0', EXECUTIONS), at(-3600)],
    ['is the one seen last where its execution is forgotten', seen('1.1.0', []), at(-1)],
    ['is none where nothing is known of the revision any more', seen('1.2.0', []), undefined],
  ])('%s', async (_, from, deployedAt) => {
    const { promote, sources } = setUp();
    await promote(from, { phase: 'Promoting' });
    expect(sources).toEqual([{ environment: 'dev', ...(deployedAt && { deployedAt }) }]);
  });
});

describe('what was merged', () => {
  test.each([
    ['the repository is another one', ELSEWHERE],
    ['it is pushed to the branch itself', BY_PUSH],
  ])('is looked for in the base branch that it was merged into, when %s', async (_, change) => {
    const { asked, state } = setUp();
    expect(await state(pipeline(change), { pullRequest: REF, phase: 'Merged' })).toBe('reverted');
    expect(asked).toEqual([['inBase', '1.1.0', OLD, { token: 'token-of-old' }]]);
  });

  test('is looked for in that branch when the spec names another one since', async () => {
    const { asked, state } = setUp();
    await state(pipeline(SAME), { pullRequest: REF, phase: 'Merged' });
    expect(asked).toMatchObject([['inBase', '1.1.0', { baseBranch: 'main' }, { token: 'token-of-renewed' }]]);
  });

  test('without a pull request is looked for where the spec says', async () => {
    const { asked, state } = setUp();
    expect(await state(pipeline(SAME), { phase: 'Merged' })).toBe('reverted');
    expect(await state(pipeline(BY_PUSH), { phase: 'Merged' })).toBe('merged');
    expect(await state(pipeline(NOTIFIED), { phase: 'Merged' })).toBe('merged');
    expect(asked).toMatchObject([
      ['inBase', '1.1.0', { baseBranch: 'live' }, { token: 'token-of-renewed' }],
      ['pushed', '1.1.0', { branch: 'live' }, { token: 'token-of-new' }],
    ]);
  });
});

describe('what goes wrong with a task', () => {
  const gone = { ...REF, repository: { ...OLD, secret: 'none' } };

  test('is a result: a Secret that is not there any more', async () => {
    expect(await setUp().runTask(pipeline(ELSEWHERE), gone)).toMatchObject({
      kind: 'error',
      retry: 'never',
      message: expect.stringContaining('Secret apps/none'),
    });
  });

  test('is a result: a Secret that is not for the host of then', async () => {
    const readSecret: typeof secrets = async (...names) => {
      const secret = await secrets(...names);
      return secret && { ...secret, allowedHosts: ['new.example.com'] };
    };
    const { asked, runTask } = setUp({ readSecret });
    const result = await runTask(pipeline(ELSEWHERE));
    expect(result).toMatchObject({
      kind: 'error',
      retry: 'never',
      message: expect.stringContaining(ALLOWED_HOSTS),
    });
    expect(asked).toEqual([]);
  });

  test('is a result: a Secret without hosts, where --require-allowed-hosts asks for them', async () => {
    const policy = { requireAllowedHosts: true };
    const { asked, runTask, state } = setUp({ policy });
    const message =
      'Secret apps/old may not be sent anywhere: --require-allowed-hosts is set, and it has no annotation pipelines.weave.works/allowed-hosts. Set it to the hosts that the Secret is for, such as old.example.com.';
    expect(await runTask(pipeline(ELSEWHERE))).toEqual({ kind: 'error', retry: 'never', message });
    const pushed = failureOf(state(pipeline(BY_PUSH), { phase: 'Merged' }));
    expect(await pushed).toMatchObject({ code: 'HostNotAllowed', retry: 'never' });
    expect(asked).toEqual([]);
    const readSecret: typeof secrets = async (...names) => {
      const secret = await secrets(...names);
      return secret && { ...secret, allowedHosts: ['old.example.com'] };
    };
    const listed = setUp({ policy, readSecret });
    expect(await listed.runTask(pipeline(ELSEWHERE))).toEqual({ kind: 'done' });
  });

  const throwing = (error: Error) =>
    setUp({
      readSecret: async () => {
        throw error;
      },
    });

  test('is a result, and tried again: the forge is away', async () => {
    const away = new TurnpikeError('ForgeUnavailable', 'It is away.');
    expect(await throwing(away).runTask(pipeline())).toEqual({
      kind: 'error',
      message: 'It is away.',
      retry: 'backoff',
    });
  });

  test('is thrown when this replica no longer leads', async () => {
    const lost = new TurnpikeError('NotLeading', 'Another replica leads.');
    expect(await failureOf(throwing(lost).runTask(pipeline()))).toBe(lost);
  });
});

describe('an attempt whose promotion is still being recorded', () => {
  function preparing() {
    const acts: string[] = [];
    const record = Promise.withResolvers<void>();
    const pushes: PromoterDeps['pushes'] = {
      inBase: async () => 'merged',
      async prepare() {
        acts.push('prepared');
        return {
          async carryOut() {
            acts.push('carried out');
            return { kind: 'closed' };
          },
          discard: () => void acts.push('discarded'),
        };
      },
    };
    const promoted = setUp({ pushes }).attempt(pipeline(BY_PUSH), record.promise);
    return { acts, record, promoted };
  }

  test('is prepared meanwhile, and carried out when it is', async () => {
    const { acts, record, promoted } = preparing();
    await settled();
    expect(acts).toEqual(['prepared']);
    record.resolve();
    expect(await promoted).toEqual({ kind: 'closed' });
    expect(acts).toEqual(['prepared', 'carried out']);
  });

  test('is discarded when it cannot be', async () => {
    const { acts, record, promoted } = preparing();
    record.reject(new TurnpikeError('ApiConflict', 'Somebody else wrote it meanwhile.'));
    expect(await promoted).toMatchObject({ kind: 'error', message: 'Somebody else wrote it meanwhile.' });
    expect(acts).toEqual(['prepared', 'discarded']);
  });
});

describe('an attempt that others do not let end', () => {
  const limits = { ms: 30, mostMs: 60, stepBytes: 1_000, stepMs: 10 };
  const hanging: PromoterDeps['pullRequests'] = {
    prepare: (_request, _settings, _access, time) => untilEnded(time),
    runTask: (_request, _access, time) => untilEnded(time),
    state: (_request, _access, time) => untilEnded(time),
    find: (_request, _access, time) => untilEnded(time),
    inBase: (_request, _settings, _access, time) => untilEnded(time),
  };
  const untilEnded = (time: AttemptTime | undefined) =>
    untilAborted(new Promise<never>(() => {}), time?.signal);

  test('is given up, and tried again', async () => {
    const { promote, runTask, state } = setUp({ pullRequests: hanging, limits });
    const givenUp = { kind: 'error', retry: 'backoff', message: expect.stringContaining('given up after') };
    expect(await promote(pipeline(ELSEWHERE), { phase: 'Pending' })).toMatchObject(givenUp);
    expect(await runTask(pipeline(SAME))).toMatchObject(givenUp);
    const looked = await failureOf(state(pipeline(SAME), { phase: 'PullRequestOpen', pullRequest: REF }));
    expect(looked).toMatchObject({ code: 'GitUnavailable' });
  });

  test('ends with the process and is no failure then', async () => {
    const ended = new AbortController();
    const { promote } = setUp({ pullRequests: hanging, limits, signal: ended.signal });
    const promoted = failureOf(promote(pipeline(ELSEWHERE), { phase: 'Pending' }));
    ended.abort(new TurnpikeError('NotLeading', 'The process ends.'));
    expect(await promoted).toMatchObject({ code: 'NotLeading' });
  });
});
