import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { type PipelineSpec, type PullRequestStrategy, pipelineKey } from '../../../src/api/pipeline.ts';
import { createForge } from '../../../src/lib/forges/registry.ts';
import { createPullRequestPromoter } from '../../../src/promote/pull-request/pull-request.ts';
import { createPromoter } from '../../../src/reconcile/promoter.ts';
import { createReconcile } from '../../../src/reconcile/reconcile.ts';
import { createRecordStatus } from '../../../src/reconcile/record.ts';
import { fakeBranches } from '../../fakes/branches.ts';
import { noNews } from '../../fakes/checking.ts';
import { forgeDeps, noWaits } from '../../fakes/forge-deps.ts';
import { commitOf } from '../../fakes/github/branches.ts';
import { FAKE_TOKEN, type FakeGitHub, startFakeGitHub } from '../../fakes/github.ts';
import { type FakeGitLab, GITLAB_PROJECT, GITLAB_TOKEN, startFakeGitLab } from '../../fakes/gitlab.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { SHOWN } from '../../fakes/namespaces.ts';
import { loopbackOutbound } from '../../fakes/outbound.ts';
import { NOW, pipeline, spec } from '../../fakes/pipeline.ts';
import { HEAD_COMMIT } from '../../fakes/pull.ts';
import { createFakeStore } from '../../fakes/store.ts';

const KEY = pipelineKey('apps', 'app');
const NEVER = () => Promise.reject(new Error('nothing is pushed or notified'));

/** The repository of before, on GitHub, and the one that it is moved to, on GitLab. */
let old: FakeGitHub;
let fresh: FakeGitLab;

const TOKENS: Readonly<Record<string, string>> = { old: FAKE_TOKEN, fresh: GITLAB_TOKEN };

beforeEach(() => {
  [old, fresh] = [startFakeGitHub(), startFakeGitLab()];
});
afterEach(async () => {
  await old.stop();
  await fresh.stop();
});

/** The application in dev is ahead of the other environments. */
function release(namespace: string, name: string) {
  const ahead = name === 'shop' ? '3.1.0' : '1.1.0';
  const chartVersion = namespace === 'dev' ? ahead : '1.0.0';
  return {
    metadata: { generation: 1 },
    status: {
      observedGeneration: 1,
      conditions: [{ type: 'Ready', status: 'True', reason: 'UpgradeSucceeded', message: 'ready' }],
      history: [{ chartVersion, status: 'deployed', lastDeployed: NOW.toISOString() }],
    },
  };
}

function by(settings: PullRequestStrategy): Pick<PipelineSpec, 'promotion'> {
  return { promotion: { strategy: { 'pull-request': settings, secretRef: { name: 'hook' } } } };
}

function onGitHub(change: Partial<PullRequestStrategy> = {}) {
  const url = `${old.origin}/acme/fleet`;
  return by({ type: 'github', url, baseBranch: 'main', secretRef: { name: 'old' }, ...change });
}

function onGitLab() {
  const url = `${fresh.origin}/${GITLAB_PROJECT}`;
  return by({ type: 'gitlab', url, baseBranch: 'main', secretRef: { name: 'fresh' } });
}

const statesOf = ({ pulls }: FakeGitHub) => pulls.map(({ state }) => state);

function setUp() {
  const store = createFakeStore();
  store.put(pipeline(onGitHub()));
  const { log } = createFakeLog();
  let time = NOW.getTime();
  const now = () => new Date(time);
  const branches = fakeBranches(({ url, branch }) => {
    const isOld = url.startsWith(old.origin);
    (isOld ? old : fresh).branches.add(branch);
    const commit = isOld ? commitOf(branch) : HEAD_COMMIT;
    return { kind: 'pushed', commit, changes: [], problems: [] };
  });
  const outbound = loopbackOutbound();
  const deps = { branches, outbound, log, now, onForgeRequest: () => {}, waits: noWaits() };
  const reconcile = createReconcile({
    store,
    record: createRecordStatus(store),
    clusters: { reader: () => ({ read: async () => undefined }) },
    messagesOf: SHOWN,
    applications: { read: async ({ name }, namespace) => release(namespace, name) },
    promoter: createPromoter({
      policy: {},
      signal: new AbortController().signal,
      readSecret: async (_, name) => ({ values: new Map([['token', Buffer.from(TOKENS[name] ?? '')]]) }),
      pullRequests: createPullRequestPromoter(deps),
      pushes: { prepare: NEVER, inBase: NEVER },
      notifications: { prepare: NEVER },
    }),
    check: () => noNews(),
    onChange: () => {},
    policy: { delaySeconds: 2, maxDelaySeconds: 20, threshold: 3, resyncSeconds: 600 },
    log,
    now,
  });
  return {
    status: () => store.get(KEY)?.status,
    async look(seconds = 0) {
      time += seconds * 1000;
      await reconcile(KEY);
    },
    edit(change: Partial<PipelineSpec>) {
      const stored = store.get(KEY);
      if (!stored) throw new Error('there is no Pipeline');
      const { metadata, status } = stored;
      store.put({ metadata: { ...metadata, generation: 2 }, spec: spec(change), status });
    },
  };
}

const SHOP = { appRef: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: 'shop' } };
const NOTIFIED = { strategy: { notification: {}, secretRef: { name: 'hook' } } };
const environments = (...names: readonly string[]) => ({
  environments: names.map((name) => ({ name, targets: [{ namespace: name }] })),
});

/** Whatever may be changed in one go, and why the pull request is not needed by then. */
const CHANGES: readonly (readonly [string, () => Partial<PipelineSpec>, string])[] = [
  [
    'application and repository',
    () => ({ ...SHOP, ...onGitLab() }),
    'The application is HelmRelease shop now.',
  ],
  [
    'application, repository and order',
    () => ({ ...SHOP, ...environments('dev', 'prod', 'staging'), ...onGitLab() }),
    'The application is HelmRelease shop now.',
  ],
  [
    'application, strategy and order',
    () => ({ ...SHOP, ...environments('staging', 'dev'), promotion: NOTIFIED }),
    'The application is HelmRelease shop now.',
  ],
  ['the repository', () => ({ ...onGitLab() }), 'staging is now promoted through another repository: '],
  [
    'the branch',
    () => onGitHub({ branch: 'team/{{environment}}' }),
    'staging is now promoted through another branch: ',
  ],
  ['the strategy', () => ({ promotion: NOTIFIED }), 'staging is no longer promoted by pull request.'],
  [
    'the environment',
    () => ({ ...environments('dev', 'live'), ...onGitLab() }),
    'staging is no longer in the Pipeline.',
  ],
];

/** Somebody else's, with the number that ours has on GitHub. */
async function openFeature(): Promise<void> {
  fresh.branches.add('feature');
  const settings = onGitLab().promotion?.strategy['pull-request'];
  const forge = createForge('gitlab', settings?.url ?? '', { token: GITLAB_TOKEN }, forgeDeps());
  await forge.create({ head: 'feature', base: 'main', title: 'Feature', body: '' });
  fresh.requests.length = 0;
}

describe('a pull request that the spec leaves behind', () => {
  test.each(CHANGES)('is closed where it is, after a change of %s', async (_, change, why) => {
    const { look, edit, status } = setUp();
    await look();
    expect(statesOf(old)).toEqual(['open']);
    await openFeature();
    edit(change());
    await look(60);
    expect(statesOf(old)).toEqual(['closed']);
    expect(old.comments.get(1)).toEqual([expect.stringContaining(why)]);
    expect(fresh.mergeRequests[0]).toMatchObject({ iid: 1, state: 'opened', title: 'Feature' });
    expect(fresh.requests.filter((line) => line.includes('/merge_requests/1'))).toEqual([]);
    expect(status()?.abandoned ?? []).toEqual([]);
  });

  test('makes way for one from the branch that the spec names by now', async () => {
    const { look, edit, status } = setUp();
    await look();
    edit(onGitHub({ branch: 'team/{{environment}}' }));
    await look(60);
    await look(60);
    expect(old.pulls.map(({ state, head }) => [state, head.ref])).toEqual([
      ['closed', 'promotion-apps-app-staging'],
      ['open', 'team/staging'],
    ]);
    expect(status()?.environments?.staging?.promotion).toMatchObject({
      phase: 'PullRequestOpen',
      pullRequest: { number: 2, branch: 'team/staging' },
    });
    await look(60);
    edit(onGitHub({ branch: 'promotion-{{namespace}}-{{pipeline}}-{{environment}}' }));
    await look(60);
    await look(60);
    expect(statesOf(old)).toEqual(['closed', 'closed', 'open']);
  });

  test('stays where the template says the same branch in other words', async () => {
    const { look, edit } = setUp();
    await look();
    edit(onGitHub({ branch: 'promotion-{{namespace}}-app-{{ environment }}' }));
    await look(60);
    expect(statesOf(old)).toEqual(['open']);
  });

  test('stays named while its forge is away, and is closed once that is back', async () => {
    const { look, edit, status } = setUp();
    await look();
    edit({ ...onGitLab() });
    old.fail({ status: 502, body: 'Bad gateway' });
    await look(60);
    expect(statesOf(old)).toEqual(['open']);
    expect(status()?.abandoned).toMatchObject([{ environment: 'staging', pullRequest: { number: 1 } }]);
    await look(300);
    expect(statesOf(old)).toEqual(['closed']);
    expect(status()?.abandoned).toEqual([]);
    expect(fresh.mergeRequests).toMatchObject([
      { state: 'opened', source_branch: 'promotion-apps-app-staging' },
    ]);
  });

  test('stays named with the reason where its Secret is not taken any more', async () => {
    const { look, edit, status } = setUp();
    await look();
    edit({ ...onGitLab() });
    old.tokens.clear();
    await look(60);
    expect(status()?.abandoned).toMatchObject([
      {
        environment: 'staging',
        pullRequest: { number: 1 },
        problem: expect.stringContaining('401'),
        final: true,
      },
    ]);
    const asked = old.requests.length;
    await look(60);
    expect(old.requests).toHaveLength(asked);
  });
});
