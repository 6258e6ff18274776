import { describe, expect, test } from 'bun:test';
import type { Forge } from '../../../src/lib/forges/port.ts';
import { createForge } from '../../../src/lib/forges/registry.ts';
import { wantedPullRequest } from '../../../src/promote/pull-request/wanted-pull-request.ts';
import { failureOf } from '../../fakes/failure.ts';
import { forgeDeps } from '../../fakes/forge-deps.ts';
import { promotionRequest } from '../../fakes/promotion.ts';
import { BARE, HEAD_COMMIT } from '../../fakes/pull.ts';
import { INPUT } from '../pulls.ts';
import { forgeStage } from '../stage.ts';

const stage = forgeStage('bitbucket-server');
function forge(path?: string, token?: string): Forge {
  return stage.forge({ ...(path !== undefined && { url: stage.host.origin + path }), token });
}

const ROOT = '/bitbucket/rest/api/1.0/projects/ACME/repos/fleet/pull-requests';
const PAGE = '/bitbucket/projects/ACME/repos/fleet/pull-requests/1';

describe('Bitbucket Data Center', () => {
  test('opens, finds, reads and changes a pull request, below a path of its host', async () => {
    const created = await forge().create(INPUT);
    const found = await forge().find(INPUT.head, 'main');
    const updated = await forge().update(1, { title: 'Newer', body: 'newer' });
    const read = await forge().get(1);

    expect(created).toEqual({ ...INPUT, ...BARE, number: 1, url: stage.host.origin + PAGE, state: 'open' });
    expect(found).toEqual(created === 'exists' ? undefined : created);
    expect(updated).toMatchObject({ title: 'Newer', body: 'newer', base: 'main', state: 'open' });
    expect(read).toEqual(updated);
    expect(stage.host.requests).toEqual([
      `POST ${ROOT}`,
      `GET ${ROOT}?state=OPEN&direction=OUTGOING&at=refs%2Fheads%2Fpromotion-team-app-staging&limit=50`,
      // A change names the version that it changes.
      `GET ${ROOT}/1`,
      `PUT ${ROOT}/1`,
      `GET ${ROOT}/1`,
    ]);
  });

  test('is given no tags and no comments of HTML, which it would show', async () => {
    const settings = { url: stage.host.origin, baseBranch: 'main', secretRef: { name: 'forge' } };
    const branch = { kind: 'pushed', commit: HEAD_COMMIT, changes: [], problems: [] } as const;
    const wanted = wantedPullRequest(promotionRequest(), settings, forge(), branch);
    await forge().create({ ...wanted, head: INPUT.head });
    const body = stage.host.pulls[0]?.description ?? '';
    expect(body).not.toContain('<');
    expect(body).toEndWith('[//]: # (turnpike pipeline=team/app/staging)');
  });

  test('has one address for Git, whichever page its URL names', () => {
    const scm = `${stage.host.origin}/bitbucket/scm/ACME/fleet.git`;
    expect(forge().cloneUrl).toBe(scm);
    for (const page of [
      '/bitbucket/projects/ACME/repos/fleet',
      '/bitbucket/projects/ACME/repos/fleet/browse',
    ]) {
      expect(forge(page).cloneUrl).toBe(scm);
    }
    expect(forge('/users/ann/repos/notes').cloneUrl).toBe(`${stage.host.origin}/scm/~ann/notes.git`);
    expect(forge('/scm/~ann/notes.git').cloneUrl).toBe(`${stage.host.origin}/scm/~ann/notes.git`);
  });

  test('is reached over SSH by its project and repository', () => {
    const ssh = createForge(
      'bitbucket-server',
      'ssh://git@git.example.com:7999/acme/fleet.git',
      { token: 't' },
      forgeDeps(),
    );
    expect(ssh.cloneUrl).toBeUndefined();
  });

  test.each(['/ACME/fleet', '/scm/fleet', '/projects/ACME/fleet', '/scm/../fleet.git'])(
    'refuses %s',
    (path) => {
      expect(() => forge(path)).toThrow('its form is https://HOST/scm/PROJECT/REPOSITORY.git');
    },
  );

  test('says that a pull request exists rather than failing', async () => {
    await forge().create(INPUT);
    expect(await forge().create(INPUT)).toBe('exists');
  });

  test('finds none that is merged, declined, to another branch or from a fork', async () => {
    await forge().create({ ...INPUT, body: '' });
    const [pull] = stage.host.pulls;
    for (const [state, shown] of [
      ['MERGED', 'merged'],
      ['DECLINED', 'closed'],
    ] as const) {
      Object.assign(pull ?? {}, { state });
      expect(await forge().find(INPUT.head, 'main')).toBeUndefined();
      expect(await forge().get(1)).toMatchObject({ state: shown, body: '' });
    }
    Object.assign(pull ?? {}, { state: 'OPEN' });
    expect(await forge().find(INPUT.head, 'release')).toBeUndefined();
    Object.assign(pull?.fromRef ?? {}, { repository: { id: 8, slug: 'fleet' } });
    expect(await forge().find(INPUT.head, 'main')).toBeUndefined();
    expect(await forge().get(2)).toBeUndefined();
  });

  test('moves a pull request to another base branch', async () => {
    await forge().create(INPUT);
    const moved = await forge().update(1, { title: 'T', body: 'b', base: 'release' });
    expect(moved).toMatchObject({ base: 'release' });
    expect(stage.host.bodies.at(-1)).toEqual({
      version: 0,
      title: 'T',
      description: 'b',
      reviewers: [],
      draft: false,
      toRef: { id: 'refs/heads/release' },
    });
  });

  test('tries again when somebody changed it in between, or the branch was merged', async () => {
    await forge().create(INPUT);
    Object.assign(stage.host.pulls[0] ?? {}, { state: 'MERGED' });
    const merged = await failureOf(forge().update(1, { title: 'T', body: 'b' }));
    expect(merged).toMatchObject({ code: 'ForgeUnavailable', retry: 'backoff' });
    expect(merged.message).toContain('(This pull request has already been MERGED.)');
  });

  test('refuses in its own words, without the token', async () => {
    const wrong = await failureOf(forge(undefined, 'BBDC-wrong').create(INPUT));
    expect(wrong).toMatchObject({ code: 'ForgeUnauthorized', retry: 'never' });
    expect(wrong.message).toContain('answered 401 (Authentication failed. Please check your credentials');
    expect(wrong.message).not.toContain('BBDC-wrong');
    stage.host.branches.delete(INPUT.head);
    expect((await failureOf(forge().create(INPUT))).message).toContain('does not exist in repository');
  });
});
