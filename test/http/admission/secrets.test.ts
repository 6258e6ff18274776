import { describe, expect, test } from 'bun:test';
import { CANARY, type ClusterState, POLICY, pipelineObject, specOf } from '../../fixtures/pipelines/cases.ts';
import { objectsOf } from '../../fixtures/pipelines/objects.ts';
import { around, type Gather, review, setUp } from './reviews.ts';

describe('a Secret', () => {
  const cases: [string, ClusterState, string][] = [
    ['that is missing', { secrets: { events: null } }, 'Secret demo/events does not exist'],
    [
      'without its key',
      { secrets: { repository: { caFile: 'c' } } },
      'Secret demo/repository has no key token',
    ],
    ['with a key that can be guessed', { secrets: { events: { 'hmac-key': 5 } } }, 'has 5 bytes'],
    ['for another host', { allowedHosts: { repository: 'git.example.com' } }, 'may not be sent'],
  ];

  test.each(cases)('%s is denied, and warned of on a dry run', async (_, state, sentence) => {
    const { ask } = setUp(around(state));
    const object = pipelineObject(await specOf());
    const real = await ask({ object });
    expect(real.status?.message).toContain(sentence);
    const dry = await ask({ object, dryRun: true });
    expect(dry).toMatchObject({ allowed: true, warnings: [expect.stringContaining(sentence)] });
  });

  test('without the hosts that it is for is denied where the operator asks for them', async () => {
    const object = pipelineObject(await specOf());
    const { ask } = setUp(around(), { ...POLICY, requireAllowedHosts: true });
    const { allowed, status } = await ask({ object });
    expect(allowed).toBe(false);
    expect(status?.message).toContain(
      'Secret demo/repository may not be sent anywhere: --require-allowed-hosts is set',
    );
    // What events are signed with is sent nowhere.
    expect(status?.message).not.toContain('demo/events');
    const listed = around({ allowedHosts: { repository: 'github.com' } });
    expect(await setUp(listed, { ...POLICY, requireAllowedHosts: true }).ask({ object })).toMatchObject({
      allowed: true,
    });
  });

  test('is no excuse for faults of the spec on a dry run', async () => {
    const { ask } = setUp(around({ secrets: { events: null } }));
    const object = pipelineObject(await specOf({ 'environments.0.targets': [] }));
    const { allowed, status, warnings } = await ask({ object, dryRun: true });
    expect({ allowed, lines: status?.message.split('\n').length }).toEqual({ allowed: false, lines: 1 });
    expect(warnings).toEqual([expect.stringContaining('Secret demo/events does not exist')]);
  });

  test('of some bytes only is warned of', async () => {
    const { ask } = setUp(around({ secrets: { events: { 'hmac-key': 20 } } }));
    const { allowed, warnings } = await ask({ object: pipelineObject(await specOf()) });
    expect({ allowed, warnings }).toEqual({
      allowed: true,
      warnings: [expect.stringContaining('has 20 bytes')],
    });
  });

  test('that the API server does not give is warned of', async () => {
    const unknown = { kind: 'unknown', why: 'The API server is away.' } as const;
    const { ask } = setUp(async () => ({ ...objectsOf({}), secrets: new Map([['events', unknown]]) }));
    const { allowed, warnings } = await ask({ object: pipelineObject(await specOf()) });
    expect({ allowed, first: warnings?.[0] }).toEqual({
      allowed: true,
      first:
        'spec.promotion.strategy.secretRef.name: "events": Secret demo/events was not checked: The API server is away.',
    });
  });

  test('that just came is looked at anew before anybody is denied', async () => {
    const asked: boolean[] = [];
    const { ask } = setUp(async ({ names }, { fresh }) => {
      expect(names).toEqual({ namespace: 'demo', name: 'podinfo' });
      asked.push(fresh);
      return objectsOf(fresh ? {} : { secrets: { events: null } });
    });
    const object = pipelineObject(await specOf());
    expect(await ask({ object })).toEqual({ uid: 'b7c1', allowed: true });
    expect(asked).toEqual([false, true]);
    await ask({ object, dryRun: true });
    expect(asked).toEqual([false, true, false]);
  });

  test('that is good is looked at once', async () => {
    const asked: boolean[] = [];
    const { ask } = setUp(async (_needs, { fresh }) => {
      asked.push(fresh);
      return objectsOf({});
    });
    await ask({ object: pipelineObject(await specOf()) });
    expect(asked).toEqual([false]);
  });

  test('is looked at for the user who asks, all of it within the time of one review', async () => {
    const options: Parameters<Gather>[1][] = [];
    const { ask } = setUp(async (_needs, given) => {
      options.push(given);
      return objectsOf({ secrets: { events: null } });
    });
    const [object, oldObject] = [
      pipelineObject(await specOf({ suspend: true })),
      pipelineObject(await specOf()),
    ];
    const userInfo = { username: 'jane', uid: 'u1', groups: ['team'], extra: { scopes: ['a'] } };
    await ask({ operation: 'UPDATE', object, oldObject, userInfo });
    expect(options.map(({ fresh }) => fresh)).toEqual([false, true, false, true]);
    expect(options.map(({ viewer }) => viewer)).toEqual(new Array(4).fill(userInfo));
    expect(new Set(options.map(({ lookups }) => lookups)).size).toBe(1);
    let isAsked = false;
    expect(options[0]?.lookups.ask(() => (isAsked = true))).toBeUndefined();
    expect(isAsked).toBe(false);
  });

  test('has values that are nowhere in an answer or the log', async () => {
    const weak = { events: { 'hmac-key': 12 }, repository: { password: CANARY } };
    const { send, lines } = setUp(around({ secrets: weak }));
    const object = pipelineObject(await specOf({ 'pull-request.url': `https://${CANARY}@github.com/a/b` }));
    const hidden = await (await send(JSON.stringify(review({ object })))).text();
    const seen = await (
      await send(JSON.stringify(review({ object: pipelineObject(await specOf()) })))
    ).text();
    expect(hidden).toContain('***');
    expect(seen).toContain('has 12 bytes');
    expect(hidden + seen + lines.join('')).not.toContain(CANARY);
  });
});
