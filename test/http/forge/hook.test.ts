import { describe, expect, test } from 'bun:test';
import {
  type Pipeline,
  type PromotionPhase,
  type PullRequestRef,
  pipelineKey,
} from '../../../src/api/pipeline.ts';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import { FORGE_TYPES, type ForgeType } from '../../../src/lib/forges/types.ts';
import { at, pipeline, withState } from '../../fakes/pipeline.ts';
import { PREVIOUS, SECRET, SENDERS } from './deliveries.ts';
import { connect, type Options, pathTo, promotion, type Request, waiting } from './hook-app.ts';

async function outcomeOf(response: Response): Promise<unknown> {
  return ((await response.json()) as { outcome?: unknown }).outcome;
}

function eachEvent(kind: 'reported' | 'ignored'): [ForgeType, string, object][] {
  return FORGE_TYPES.flatMap((forge) =>
    Object.entries(SENDERS[forge][kind]).map(([what, event]): [ForgeType, string, object] => [
      forge,
      what,
      event,
    ]),
  );
}

describe('POST /forge/{type}/{namespace}/{name}', () => {
  test.each(eachEvent('reported'))(
    'notes for %s that a pull request is %s, and wakes',
    async (forge, _, event) => {
      const { deliver, promotionInto, woken, outcomes, store, lines } = connect({ forge });
      const response = await deliver(event);
      expect(response.status).toBe(202);
      expect(await response.json()).toEqual({ outcome: 'accepted' });
      expect(promotionInto('staging')).toEqual({
        revision: '1.1.0',
        phase: 'PullRequestOpen',
        pullRequest: { url: 'https://git.example.com/acme/fleet/pulls/7', number: 7, changedAt: at(0) },
      });
      expect(woken).toEqual(['apps/app']);
      expect(outcomes).toEqual(['accepted']);
      expect(store.writes()).toBe(1);
      expect(lines.join()).toContain('"environments":["staging"]');
    },
  );

  test.each(eachEvent('ignored'))('ignores of %s %s', async (forge, _, event) => {
    const { deliver, store, woken, outcomes } = connect({ forge });
    const response = await deliver(event);
    expect(response.status).toBe(200);
    expect(await outcomeOf(response)).toBe('ignored');
    expect(outcomes).toEqual(['ignored']);
    expect(store.writes()).toBe(0);
    expect(woken).toEqual([]);
  });

  test.each(['[]', 'null', '7', '"merged"', '{"pull_request":null}', '{"action":"closed","number":"7"}'])(
    'ignores the JSON %s',
    async (body) => {
      expect(await outcomeOf(await connect().deliver(body))).toBe('ignored');
    },
  );

  test.each(FORGE_TYPES)('leaves alone what %s reports of other pull requests', async (forge) => {
    const { deliver, store, woken, outcomes } = connect({ forge });
    const response = await deliver(SENDERS[forge].merged(8));
    expect(response.status).toBe(200);
    expect(await outcomeOf(response)).toBe('unchanged');
    expect(outcomes).toEqual(['unchanged']);
    expect(store.writes()).toBe(0);
    expect(woken).toEqual([]);
  });

  const ref = { url: 'https://git.example.com/acme/fleet/pulls/7', number: 7 };
  const reported = async (phase: PromotionPhase, pullRequest: PullRequestRef) => {
    const from = withState(waiting('github'), 'staging', {
      promotion: { revision: '1.1.0', phase, pullRequest },
    });
    const { deliver, store } = connect({ pipeline: from });
    return [await outcomeOf(await deliver(SENDERS.github.merged(7))), store.writes()];
  };

  test.each(['Merged', 'Superseded', 'Succeeded'] as const)(
    'leaves alone a promotion that is %s',
    async (phase) => {
      expect(await reported(phase, ref)).toEqual(['unchanged', 0]);
    },
  );

  test.each(['Pending', 'Promoting', 'WaitingApproval', 'Failed'] as const)(
    'has an open pull request looked at that a promotion which is %s has taken over',
    async (phase) => {
      expect(await reported(phase, ref)).toEqual(['accepted', 1]);
    },
  );

  test('has one looked at that was closed, for it may be open again', async () => {
    expect(await reported('Rejected', ref)).toEqual(['accepted', 1]);
  });

  test.each([{ closing: 'Too old.' }, { endedAt: at(-5) }])(
    'leaves alone one that is over: %p',
    async (over) => {
      expect(await reported('Rejected', { ...ref, ...over })).toEqual(['unchanged', 0]);
    },
  );

  test('writes at every report, for the forge may have been asked in between', async () => {
    const { deliver, promotionInto, store, later } = connect();
    const changedAt = () => promotionInto('staging')?.pullRequest?.changedAt;
    await deliver(SENDERS.github.merged(7));
    const response = await deliver(SENDERS.github.merged(7));
    expect(response.status).toBe(202);
    expect(store.writes()).toBe(2);
    expect(changedAt()).toBe(at(0.001));
    later(3);
    await deliver(SENDERS.github.merged(7));
    expect(changedAt()).toBe(at(3));
  });

  test('notes it on what somebody else wrote meanwhile', async () => {
    const { deliver, store, promotionInto, woken } = connect();
    const { environments } = waiting('github').status;
    store.interfere({ summary: 'written by another', ...(environments && { environments }) });
    expect((await deliver(SENDERS.github.merged(7))).status).toBe(202);
    expect(promotionInto('staging')?.pullRequest?.changedAt).toBe(at(0));
    expect(woken).toEqual(['apps/app']);
  });

  test('answers 200 unchanged when somebody else saw the merge meanwhile', async () => {
    const { deliver, store, woken } = connect();
    store.interfere({ environments: { staging: { promotion: { revision: '1.1.0', phase: 'Merged' } } } });
    expect(await outcomeOf(await deliver(SENDERS.github.merged(7)))).toBe('unchanged');
    expect(woken).toEqual([]);
  });
});

const PUBLISHED = 'put-a-token-of-your-forge-here';

describe('refuses with the same 401', () => {
  const notifying = pipeline({ promotion: { strategy: { notification: {} } } });
  const cases: [why: string, options: Options, request: Request, reason: string][] = [
    ['an unknown pipeline', {}, { path: '/forge/github/apps/nobody' }, 'unknown-pipeline'],
    ['another forge than its own', {}, { forge: 'gitea' }, 'wrong-provider'],
    ['a pipeline without pull requests', { pipeline: notifying }, {}, 'wrong-provider'],
    ['no proof', {}, { headers: {} }, 'no-signature'],
    ['a wrong secret', {}, { secret: PREVIOUS }, 'wrong-signature'],
    ['a missing Secret', { secrets: {} }, {}, 'secret-missing'],
    ['a Secret without the key', { secrets: { forge: { token: SECRET } } }, {}, 'secret-missing'],
    ['an empty key', { secrets: { forge: { 'webhook-secret': '' } } }, {}, 'key-too-short'],
    [
      'a key of 15 bytes',
      { secrets: { forge: { 'webhook-secret': 'fifteen bytes..' } } },
      { secret: 'fifteen bytes..' },
      'key-too-short',
    ],
    [
      'a key of 15 bytes and a blank',
      { secrets: { forge: { 'webhook-secret': 'fifteen bytes.. ' } } },
      { secret: 'fifteen bytes..' },
      'key-too-short',
    ],
    [
      'the key of the examples',
      { secrets: { forge: { 'webhook-secret': PUBLISHED } } },
      { secret: PUBLISHED },
      'key-published',
    ],
    [
      'the key of signed events',
      { secrets: { forge: {}, hook: { 'webhook-secret': SECRET } } },
      {},
      'secret-missing',
    ],
  ];
  test.each(cases)('%s', async (_, options, request, reason) => {
    const { deliver, store, outcomes, lines } = connect(options);
    const response = await deliver(SENDERS[request.forge ?? 'github'].merged(7), request);
    expect(response.status).toBe(401);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      detail: 'The request is not signed with the right key.',
    });
    expect(outcomes).toEqual([reason]);
    expect(lines.join()).toContain(reason);
    expect(lines.join()).not.toContain(SECRET);
    expect(store.writes()).toBe(0);
  });

  test('the holder of a key that was removed, but not of one that is new', async () => {
    const { deliver, changeSecrets } = connect();
    expect((await deliver(SENDERS.github.merged(7))).status).toBe(202);
    changeSecrets({ forge: { 'webhook-secret': PREVIOUS } });
    expect((await deliver(SENDERS.github.merged(7), { secret: PREVIOUS })).status).toBe(202);
    expect((await deliver(SENDERS.github.merged(7))).status).toBe(401);
  });

  test('what does not parse, before it is parsed', async () => {
    const { deliver, outcomes } = connect();
    expect((await deliver('{', { secret: PREVIOUS })).status).toBe(401);
    expect(outcomes).toEqual(['wrong-signature']);
  });
});

describe('with several Secrets', () => {
  /** Each environment has a Secret and a pull request 7 of its own. */
  function several(
    secrets: readonly string[],
    type: (index: number) => ForgeType = () => 'github',
  ): Pipeline {
    const names = secrets.map((_, index) => `env-${index}`);
    const environments = ['first', ...names].map((name, index) => {
      const own = secrets[index - 1];
      const into = own === undefined ? {} : { promotion: promotion(type(index - 1), own) };
      return { name, targets: [{ namespace: name }], ...into };
    });
    const pullRequest = { url: 'https://git.example.com/acme/fleet/pulls/7', number: 7 };
    const open = { promotion: { revision: '1.1.0', phase: 'PullRequestOpen', pullRequest } } as const;
    return names.reduce((from, name) => withState(from, name, open), pipeline({ environments }));
  }

  function changed(promotionInto: ReturnType<typeof connect>['promotionInto'], count: number): number[] {
    const all = Array.from({ length: count }, (_, index) => index);
    return all.filter((index) => promotionInto(`env-${index}`)?.pullRequest?.changedAt !== undefined);
  }

  test('wakes the environments of the one that matches', async () => {
    const secrets = { a: { 'webhook-secret': PREVIOUS }, b: { 'webhook-secret': SECRET } };
    const { deliver, promotionInto } = connect({ pipeline: several(['a', 'b', 'a', 'b']), secrets });
    expect((await deliver(SENDERS.github.merged(7))).status).toBe(202);
    expect(changed(promotionInto, 4)).toEqual([1, 3]);
  });

  test('wakes the environments of all that match', async () => {
    const secrets = { a: { 'webhook-secret': SECRET }, b: { 'webhook-secret': SECRET } };
    const { deliver, promotionInto } = connect({ pipeline: several(['a', 'b']), secrets });
    await deliver(SENDERS.github.merged(7));
    expect(changed(promotionInto, 2)).toEqual([0, 1]);
  });

  test('wakes the environments on this type of forge alone', async () => {
    const from = several(['a', 'a'], (index) => (index === 0 ? 'gitlab' : 'github'));
    const { deliver, promotionInto } = connect({
      pipeline: from,
      secrets: { a: { 'webhook-secret': SECRET } },
    });
    await deliver(SENDERS.github.merged(7));
    expect(changed(promotionInto, 2)).toEqual([1]);
  });

  test('is the one of its own where the Pipeline names one', async () => {
    const own = promotion('github');
    const settings = { ...own.strategy['pull-request'], webhookSecretRef: { name: 'hook' } };
    const from = waiting('github');
    const strategy = { ...own.strategy, 'pull-request': settings };
    const named = { ...from, spec: { ...from.spec, promotion: { strategy } } };
    const secrets = { forge: { 'webhook-secret': PREVIOUS }, hook: { 'webhook-secret': SECRET } };
    const { deliver } = connect({ pipeline: named, secrets });
    expect((await deliver(SENDERS.github.merged(7))).status).toBe(202);
    expect((await deliver(SENDERS.github.merged(7), { secret: PREVIOUS })).status).toBe(401);
  });

  test('tries five of them', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const secrets = Object.fromEntries(
      names.map((name) => [name, { 'webhook-secret': `${SECRET} of ${name}` }]),
    );
    const { deliver } = connect({ pipeline: several(names), secrets });
    expect((await deliver(SENDERS.github.merged(7), { secret: `${SECRET} of e` })).status).toBe(202);
    expect((await deliver(SENDERS.github.merged(7), { secret: `${SECRET} of f` })).status).toBe(401);
  });

  test('goes on with one while another one cannot be read', async () => {
    const secrets = { a: new TurnpikeError('ApiForbidden', 'no'), b: { 'webhook-secret': SECRET } };
    const { deliver } = connect({ pipeline: several(['a', 'b']), secrets });
    expect((await deliver(SENDERS.github.merged(7))).status).toBe(202);
    expect((await deliver(SENDERS.github.merged(7), { secret: PREVIOUS })).status).toBe(503);
  });
});

describe('keeps to its limits', () => {
  test('answers 400 for a body that is not JSON, and says what to set', async () => {
    const { deliver, outcomes } = connect();
    for (const body of ['', 'payload=%7B%7D', '{"action":', `${'['.repeat(200)}${']'.repeat(200)}`]) {
      const response = await deliver(body);
      expect(response.status).toBe(400);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(await response.text()).toContain('application/json');
    }
    expect(new Set(outcomes)).toEqual(new Set(['bad-event']));
  });

  test('answers 413 for more than 1 MiB, whether it says so or not', async () => {
    const { send, deliver, outcomes } = connect();
    const long = 'x'.repeat(1024 * 1024 + 1);
    const headers = { 'content-length': String(long.length) };
    const said = await send(pathTo('github'), { method: 'POST', body: long, headers });
    expect(said.status).toBe(413);
    expect(await said.text()).toContain('larger than 1048576 bytes');
    const chunks = await send(pathTo('github'), {
      method: 'POST',
      body: new Blob([long]).stream(),
      headers: { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` },
    });
    expect(chunks.status).toBe(413);
    expect(outcomes).toEqual(['too-large', 'too-large']);
    const event = JSON.stringify(SENDERS.github.merged(7));
    expect((await deliver(event.padStart(1024 * 1024))).status).toBe(202);
  });

  test('answers 429 with Retry-After beyond the limit of a source and a pipeline', async () => {
    const { deliver } = connect({ limit: 2 });
    for (let i = 0; i < 2; i += 1) expect((await deliver(SENDERS.github.merged(8))).status).toBe(200);
    const response = await deliver(SENDERS.github.merged(8));
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await deliver(SENDERS.github.merged(8), { path: '/forge/github/apps/other' })).status).toBe(401);
  });

  test('answers 503 when it cannot be recorded', async () => {
    const { deliver, store, woken, outcomes } = connect();
    store.breakDown();
    const response = await deliver(SENDERS.github.merged(7));
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(woken).toEqual([]);
    expect(outcomes).toEqual(['not-recorded']);
  });

  test('answers for a Pipeline that was deleted meanwhile as for one that never was', async () => {
    const { deliver, store, outcomes, woken } = connect();
    const { applyStatus } = store;
    store.applyStatus = (stored, status) => {
      store.remove(pipelineKey('apps', 'app'));
      return applyStatus(stored, status);
    };
    const response = await deliver(SENDERS.github.merged(7));
    const unknown = await deliver(SENDERS.github.merged(7), { path: '/forge/github/apps/nobody' });
    expect([response.status, unknown.status]).toEqual([401, 401]);
    expect(await response.text()).toBe(await unknown.text());
    expect(outcomes).toEqual(['deleted', 'unknown-pipeline']);
    expect(woken).toEqual([]);
  });

  test('answers 503 to everyone who may be right while the API server is away', async () => {
    const secrets = { forge: new TurnpikeError('ApiUnavailable', 'away') };
    expect((await connect({ secrets, available: false }).deliver(SENDERS.github.merged(7))).status).toBe(503);
    const away = connect({ available: false });
    const unknown = await away.deliver(SENDERS.github.merged(7), { path: '/forge/github/apps/nobody' });
    expect(unknown.status).toBe(503);
  });

  test.each([
    '/forge/bitbucket/apps/app',
    '/forge/constructor/apps/app',
    '/forge/github',
    '/forge/github/apps',
    '/forge/github/apps/app/staging',
    '/forge/github/apps/app/',
  ])('answers 404 for %s', async (path) => {
    expect((await connect().deliver(SENDERS.github.merged(7), { path })).status).toBe(404);
  });

  test.each(['GET', 'PUT', 'DELETE'])('answers 405 for %s', async (method) => {
    const response = await connect().send(pathTo('github'), { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });
});
