import { describe, expect, test } from 'bun:test';
import { type AppRef, type PipelineKey, pipelineKey } from '../../../src/api/pipeline.ts';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import { createSubjectAccess } from '../../../src/lib/kube/access/subject-access.ts';
import type { KubeClient, KubeRequest } from '../../../src/lib/kube/client/transport.ts';
import { createReferenceLookup } from '../../../src/observe/references/lookups.ts';
import { createSecretCache } from '../../../src/observe/secrets/secret-cache.ts';
import { RULED } from '../../../src/observe/secrets/secret-keys.ts';
import { createSecrets } from '../../../src/observe/secrets/secrets.ts';
import { pipelineObject, specOf } from '../../fixtures/pipelines/cases.ts';
import { setUp } from './reviews.ts';

const OWNER = { username: 'owner', groups: ['system:authenticated'] };
const WRITER = { username: 'writer', groups: ['system:authenticated'] };
const SECRETS: Readonly<Record<string, Record<string, string>>> = {
  events: { 'hmac-key': '0123456789' },
  leaf: { kubeconfig: 'x: [' },
};

/** Applications in other namespaces may be got by everybody here. */
const ELSEWHERE = {
  authors: { mayGet: async () => ({ allowed: true, plural: 'helmreleases' }) },
  hosts: { allowed: [], insecure: [], allowLoopback: false },
};

interface Options {
  readonly managers?: readonly PipelineKey[];
  /** Of the users, what each may get: `secrets` or `pipelines`. */
  readonly rights?: Readonly<Record<string, readonly string[]>>;
}

/** The webhook over an API server with two Secrets in `demo`, and the requests that it gets. */
function setUpCluster({ managers = [], rights = { owner: ['secrets', 'pipelines'] } }: Options = {}) {
  const paths: string[] = [];
  const client = {
    config: { server: 'https://10.0.0.1', namespace: 'turnpike-system' },
    async request({ path, body }: KubeRequest) {
      paths.push(path);
      if (path.endsWith('/subjectaccessreviews')) return { status: { allowed: isAllowed(body, rights) } };
      const data = SECRETS[path.split('/').at(-1) ?? ''];
      if (!path.includes('/secrets/') || !data) throw new TurnpikeError('ApiNotFound', 'There is none.');
      const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
      return { metadata: {}, data: Object.fromEntries(encoded) };
    },
  } as unknown as KubeClient;
  const secrets = createSecrets(client);
  const now = () => new Date();
  const gather = createReferenceLookup({
    client,
    secrets,
    secretCache: createSecretCache(secrets, { keep: RULED, ttlSeconds: 0, minRefreshSeconds: 0, now }),
    access: { mayGet: () => ({ allowed: true, plural: 'helmreleases' }) },
    ...ELSEWHERE,
    byApplication: { of: (_: AppRef, target: string) => (target === 'shared' ? managers : []) },
    subjects: createSubjectAccess(client, { now }),
  });
  return { ...setUp(gather), paths };
}

function isAllowed(body: unknown, rights: Options['rights']): boolean {
  const { spec } = body as { spec: { user: string; resourceAttributes: { resource: string } } };
  return rights?.[spec.user]?.includes(spec.resourceAttributes.resource) ?? false;
}

async function object(change: Parameters<typeof specOf>[0] = {}) {
  return pipelineObject(await specOf(change));
}

const LEAF = {
  'environments.0.targets': [{ namespace: 'dev', clusterRef: { kind: 'Secret', name: 'leaf' } }],
};

describe('a review by somebody who may get the Secrets', () => {
  test('says what is wrong with each', async () => {
    const { ask } = setUpCluster();
    const { status, warnings } = await ask({ object: await object(LEAF), userInfo: OWNER });
    expect(status?.message).toContain('The hmac-key of Secret demo/events has 10 bytes and can be guessed');
    expect(status?.message).toContain('Secret demo/repository does not exist');
    expect(warnings).toEqual([expect.stringContaining('kubeconfig in Secret demo/leaf')]);
  });

  test('costs one question more for each Secret, and that once in a while', async () => {
    const { ask, paths } = setUpCluster();
    const questions = () => paths.filter((path) => path.endsWith('/subjectaccessreviews')).length;
    await ask({ object: await object(), userInfo: OWNER });
    expect(questions()).toBe(2);
    await ask({ object: await object(), userInfo: OWNER });
    expect(questions()).toBe(2);
  });
});

describe('a review by somebody who may not get the Secrets', () => {
  const users: [string, object | undefined][] = [
    ['another user', WRITER],
    ['nobody', undefined],
    ['an empty user', {}],
    ['a user without a name but with groups', { username: '', groups: ['system:masters'] }],
  ];

  test.each(users)('neither reads them nor shows which there are: %s', async (_, userInfo) => {
    const { ask, paths } = setUpCluster();
    const answers = [];
    for (const name of ['events', 'none']) {
      const change = { ...LEAF, 'promotion.strategy.secretRef.name': name };
      const answer = await ask({ object: await object(change), ...(userInfo && { userInfo }) });
      answers.push(JSON.stringify(answer).replaceAll(name, 'NAME'));
    }
    expect(answers[0]).toBe(answers[1]);
    expect(JSON.parse(answers[0] ?? '')).toMatchObject({
      allowed: true,
      warnings: [
        'spec.promotion.strategy.secretRef.name: "NAME": Secret demo/NAME was not checked: you may not get it. The Pipeline\'s conditions will say what it lacks.',
        expect.stringContaining('Secret demo/repository was not checked: you may not get it.'),
      ],
    });
    expect(paths.filter((path) => path.includes('/secrets/'))).toEqual([]);
  });

  test('is still shown what the spec itself shows', async () => {
    const { ask } = setUpCluster();
    const { status } = await ask({
      object: await object({ 'pull-request.type': 'gitea' }),
      userInfo: WRITER,
    });
    expect(status?.message).toContain('github.com is a forge of type github');
    expect(status?.message).not.toContain('Secret');
  });

  test('is shown why, where the API server does not say what they may', async () => {
    const { ask } = setUp(
      createReferenceLookup({
        client: {} as KubeClient,
        secrets: { read: () => Promise.reject(new Error('it is read')) },
        secretCache: { read: () => Promise.reject(new Error('it is read')) },
        access: { mayGet: () => ({ allowed: true, plural: 'helmreleases' }) },
        ...ELSEWHERE,
        byApplication: { of: () => [] },
        subjects: { mayGet: () => Promise.reject(new TurnpikeError('ApiForbidden', 'We may not ask.')) },
      }),
    );
    const { allowed, warnings } = await ask({ object: await object(), userInfo: OWNER });
    expect({ allowed, warnings }).toEqual({
      allowed: true,
      warnings: [
        expect.stringContaining('Secret demo/events was not checked: We may not ask.'),
        expect.stringContaining('Secret demo/repository was not checked: We may not ask.'),
      ],
    });
  });
});

describe('another Pipeline that manages the application', () => {
  const own = pipelineKey('demo', 'other');
  const foreign = pipelineKey('payments', 'checkout');
  const others: [string, PipelineKey, string, string][] = [
    [
      'of the same namespace is named to those who may get it',
      own,
      'Pipeline demo/other',
      'Another Pipeline',
    ],
    [
      'of another namespace is named to nobody',
      foreign,
      'A Pipeline of another namespace',
      'A Pipeline of another namespace',
    ],
  ];

  test.each(others)('%s', async (_, key, named, unnamed) => {
    const { ask } = setUpCluster({
      managers: [key],
      rights: { owner: ['secrets', 'pipelines'], writer: ['secrets'] },
    });
    const shared = await object({ 'environments.0.targets': [{ namespace: 'shared' }] });
    const toOwner = JSON.stringify(await ask({ object: shared, userInfo: OWNER }));
    expect(toOwner).toContain(`${named} also manages this application`);
    const toWriter = JSON.stringify(await ask({ object: shared, userInfo: WRITER }));
    expect(toWriter).toContain(`${unnamed} also manages this application`);
    expect(toWriter).not.toContain(key);
  });
});

describe('a review of many names', () => {
  test('asks the API server a bounded number of times', async () => {
    const { ask, paths } = setUpCluster();
    const environments = Array.from({ length: 50 }, (_, index) => ({
      name: `e${index}`,
      targets: Array.from({ length: 8 }, (_, at) => ({
        namespace: `n${index}-${at}`,
        clusterRef: { kind: 'Secret', name: `c${index}-${at}` },
      })),
      promotion: { strategy: { notification: {}, secretRef: { name: `guess-${index}` } } },
    }));
    const spec = await specOf({ environments });
    await ask({ object: pipelineObject(spec), userInfo: OWNER });
    expect(paths.length).toBeGreaterThan(100);
    expect(paths.length).toBeLessThanOrEqual(800);
  });
});
