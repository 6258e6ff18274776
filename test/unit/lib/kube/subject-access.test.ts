import { describe, expect, test } from 'bun:test';
import type { Author } from '../../../../src/api/admission.ts';
import { TurnpikeError } from '../../../../src/lib/errors.ts';
import { createSubjectAccess } from '../../../../src/lib/kube/access/subject-access.ts';
import type { KubeClient, KubeRequest } from '../../../../src/lib/kube/client/transport.ts';

const JANE: Author = { username: 'jane', uid: 'u1', groups: ['team'], extra: { scopes: ['a'] } };
const EVENTS = { group: '', resource: 'secrets', namespace: 'demo', name: 'events' };

/** An API server that lets users named in `allowed` read everything, and a clock that goes by hand. */
function setUp(answer: (user: string) => unknown = (user) => ({ allowed: user === 'jane' })) {
  let seconds = 0;
  const requests: KubeRequest[] = [];
  const client = {
    async request(request: KubeRequest) {
      requests.push(request);
      const { spec } = request.body as { spec: { user: string } };
      return { status: answer(spec.user) };
    },
  } as unknown as KubeClient;
  const access = createSubjectAccess(client, { now: () => new Date(seconds * 1000) });
  return { ...access, requests, pass: (by: number) => (seconds += by) };
}

describe('what somebody else may get', () => {
  test('is asked of the API server with all that it says of that user', async () => {
    const { mayGet, requests } = setUp();
    expect(await mayGet(JANE, EVENTS)).toBe(true);
    expect(await mayGet({ ...JANE, username: 'joe' }, EVENTS)).toBe(false);
    expect(requests[0]).toMatchObject({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          user: 'jane',
          uid: 'u1',
          groups: ['team'],
          extra: { scopes: ['a'] },
          resourceAttributes: { verb: 'get', ...EVENTS },
        },
      },
    });
  });

  test('is remembered for ten seconds, a no as well as a yes', async () => {
    const { mayGet, requests, pass } = setUp();
    const joe = { ...JANE, username: 'joe' };
    for (const user of [JANE, joe, { ...JANE }, { ...joe }]) await mayGet(user, EVENTS);
    expect(requests).toHaveLength(2);
    expect([mayGet(JANE, EVENTS), mayGet(joe, EVENTS)]).toEqual([true, false]);
    pass(10);
    expect(await mayGet(JANE, EVENTS)).toBe(true);
    expect(requests).toHaveLength(3);
  });

  test('is asked once for all who ask at the same time', async () => {
    const { mayGet, requests } = setUp();
    expect(await Promise.all([mayGet(JANE, EVENTS), mayGet({ ...JANE }, EVENTS)])).toEqual([true, true]);
    expect(requests).toHaveLength(1);
  });

  const others: [string, Author][] = [
    ['another group', { ...JANE, groups: ['other'] }],
    ['another uid', { ...JANE, uid: 'u2' }],
    ['another scope', { ...JANE, extra: { scopes: ['b'] } }],
  ];

  test.each(others)('is asked anew for a user of the same name with %s', async (_, other) => {
    const { mayGet, requests } = setUp();
    await mayGet(JANE, EVENTS);
    await mayGet(other, EVENTS);
    expect(requests).toHaveLength(2);
  });

  test('is not remembered for another object', async () => {
    const { mayGet, requests } = setUp();
    const asked = [EVENTS, { ...EVENTS, name: 'other' }, { ...EVENTS, namespace: 'prod' }];
    for (const object of asked) await mayGet(JANE, object);
    expect(requests).toHaveLength(3);
  });

  test('is nothing, and nobody is asked, for a user without a name or of endless groups', () => {
    const { mayGet, requests } = setUp(() => ({ allowed: true }));
    expect(mayGet({ ...JANE, username: '' }, EVENTS)).toBe(false);
    expect(mayGet({ ...JANE, groups: new Array(10_000).fill('group') }, EVENTS)).toBe(false);
    expect(requests).toEqual([]);
  });

  test('is nothing where an authorizer forbids it', async () => {
    const { mayGet } = setUp(() => ({ allowed: true, denied: true }));
    expect(await mayGet(JANE, EVENTS)).toBe(false);
  });

  test('is not known while the API server gives no answer, and that is not remembered', async () => {
    const away = new TurnpikeError('ApiUnavailable', 'away');
    let isAway = true;
    const { mayGet } = setUp(() => {
      if (isAway) throw away;
      return { allowed: true };
    });
    await expect(mayGet(JANE, EVENTS)).rejects.toBe(away);
    isAway = false;
    expect(await mayGet(JANE, EVENTS)).toBe(true);
  });
});
