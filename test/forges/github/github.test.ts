import { describe, expect, test } from 'bun:test';
import { commitOf } from '../../fakes/github/branches.ts';
import { FAKE_TOKEN, startFakeGitHub } from '../../fakes/github.ts';
import { loopbackOutbound, routedOutbound } from '../../fakes/outbound.ts';
import { BARE } from '../../fakes/pull.ts';
import { INPUT } from '../pulls.ts';
import { forgeStage } from '../stage.ts';

const stage = forgeStage('github');
const { forge } = stage;

describe('GitHub Enterprise Server', () => {
  test('opens, finds, reads and changes a pull request with one request each', async () => {
    const created = await forge().create(INPUT);
    const found = await forge().find(INPUT.head, 'main');
    const updated = await forge().update(1, { title: 'Newer', body: 'newer' });
    const read = await forge().get(1);

    expect(created).toEqual({
      ...INPUT,
      ...BARE,
      headCommit: commitOf(INPUT.head),
      number: 1,
      url: `${stage.host.origin}/acme/fleet/pull/1`,
      state: 'open',
    });
    expect(found).toEqual(created === 'exists' ? undefined : created);
    expect(updated).toMatchObject({ title: 'Newer', body: 'newer', state: 'open' });
    expect(read).toEqual(updated);
    expect(stage.host.requests).toEqual([
      'POST /api/v3/repos/acme/fleet/pulls',
      'GET /api/v3/repos/acme/fleet/pulls?head=acme%3Apromotion-team-app-staging&base=main&state=open&per_page=30',
      'PATCH /api/v3/repos/acme/fleet/pulls/1',
      'GET /api/v3/repos/acme/fleet/pulls/1',
    ]);
    expect(
      stage.seen().map(({ provider, operation, code }) => [provider, operation, code].join(' ')),
    ).toEqual(['github create 201', 'github find 200', 'github update 200', 'github get 200']);
  });

  test('says that a pull request exists rather than failing', async () => {
    await forge().create(INPUT);

    expect(await forge().create(INPUT)).toBe('exists');
  });

  test('finds no pull request that is closed, merged or of another branch', async () => {
    await forge().create(INPUT);
    stage.host.merge(1);
    stage.host.branches.add('other');
    await forge().create({ ...INPUT, head: 'other' });

    expect(await forge().find(INPUT.head, 'main')).toBeUndefined();
    expect((await forge().get(1))?.state).toBe('merged');
    stage.host.close(2);
    expect((await forge().get(2))?.state).toBe('closed');
    expect(await forge().get(3)).toBeUndefined();
  });

  test('finds no pull request that comes from a fork, though forks of the organization have its name', async () => {
    await forge().create(INPUT);
    const own = stage.host.pulls[0];
    if (!own) throw new Error('there is no pull request');
    const fork = { ...own.head, repo: { ...own.head.repo, id: 4711 } };
    stage.host.pulls.push({ ...own, number: 2, head: fork });
    expect((await forge().find(INPUT.head, 'main'))?.number).toBe(1);
    stage.host.close(1);
    expect(await forge().find(INPUT.head, 'main')).toBeUndefined();
  });

  test('moves a pull request to another base branch', async () => {
    stage.host.branches.add('release');
    await forge().create(INPUT);

    expect(await forge().update(1, { title: 'T', body: 'b', base: 'release' })).toMatchObject({
      base: 'release',
    });
  });
});

test('github.com and GitHub Enterprise Cloud have an API host of their own', async () => {
  for (const host of ['github.com', 'acme.ghe.com']) {
    const cloud = startFakeGitHub('');
    const outbound = routedOutbound(loopbackOutbound(), `https://api.${host}`, cloud.origin);
    cloud.branches.add(INPUT.head);

    expect(await forge({ url: `https://${host}/acme/fleet/`, outbound }).create(INPUT)).toMatchObject({
      number: 1,
    });
    expect(cloud.requests).toEqual(['POST /repos/acme/fleet/pulls']);
    await cloud.stop();
  }
});

describe('the stand-in', () => {
  const STRANGE: readonly [string, string, RequestInit, RegExp][] = [
    ['a parameter', '?heads=x', {}, /GET .*pulls has no parameter heads/],
    ['a value of a parameter', '?state=opened', {}, /GET .*pulls state must be equal to one of the allowed/],
    ['an operation', '/1', { method: 'DELETE' }, /DELETE \/repos\/acme\/fleet\/pulls\/1 is no operation/],
    ['a field', '', post({ ...INPUT, labels: [] }), /POST .*pulls has no field labels/],
    ['a type of a field', '', post({ ...INPUT, title: 1 }), /POST .*pulls body\/title must be string/],
    ['a missing field', '', post({ title: 'T' }), /POST .*pulls body must have required property 'head'/],
  ];
  test.each(STRANGE)('fails over %s that GitHub does not describe', async (_, path, init, fault) => {
    const strict = startFakeGitHub();
    const headers = { authorization: `token ${FAKE_TOKEN}` };
    await fetch(`${strict.origin}/api/v3/repos/acme/fleet/pulls${path}`, { headers, ...init });

    await expect(strict.stop()).rejects.toThrow(fault);
  });

  function post(body: object): RequestInit {
    return { method: 'POST', body: JSON.stringify(body) };
  }
});
