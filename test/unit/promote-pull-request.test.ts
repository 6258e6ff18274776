import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type { PullRequestStrategy } from '../../src/api/pipeline.ts';
import {
  createPullRequestPromoter,
  type PullRequestDeps,
  type PullRequestPromoter,
} from '../../src/promote/pull-request.ts';
import type { PromotionRequest } from '../../src/promote/strategy.ts';
import type { BranchResult } from '../../src/promote/workspace.ts';
import { failureOf } from '../fakes/failure.ts';
import { noWaits } from '../fakes/forge-deps.ts';
import { FAKE_TOKEN, type FakeGitHub, startFakeGitHub } from '../fakes/github.ts';
import { createFakeLog } from '../fakes/log.ts';
import { loopbackOutbound } from '../fakes/outbound.ts';
import { promotionRequest } from '../fakes/promotion.ts';
import { type FakeWorkspace, fakeWorkspace } from '../fakes/workspace.ts';

const BRANCH = 'promotion-team-app-staging';
const CREDENTIALS = { token: FAKE_TOKEN };
const FIRST = { url: 'https://github.com/acme/fleet/pull/1', number: 1 };
const PUSHED = { ...FIRST, commit: 'c0ffee' };
const CREATE = 'POST /api/v3/repos/acme/fleet/pulls';
const FIND = `GET /api/v3/repos/acme/fleet/pulls?head=acme%3A${BRANCH}&base=main&state=open&per_page=5`;
const GET = 'GET /api/v3/repos/acme/fleet/pulls/1';
const UPDATE = 'PATCH /api/v3/repos/acme/fleet/pulls/1';

let github: FakeGitHub;
let workspace: FakeWorkspace;
let result: BranchResult;
let promoter: PullRequestPromoter;

function settings(change: Partial<PullRequestStrategy> = {}): PullRequestStrategy {
  const url = `${github.origin}/acme/fleet.git`;
  return { type: 'github', url, baseBranch: 'main', secretRef: { name: 'git' }, ...change };
}

function promote(change: Partial<PromotionRequest> = {}, strategy = settings()) {
  return promoter.promote(promotionRequest(change), strategy, CREDENTIALS);
}

function deps(): PullRequestDeps {
  return {
    workspace,
    outbound: loopbackOutbound(),
    log: createFakeLog().log,
    now: () => new Date('2026-11-21T12:00:00Z'),
    onForgeRequest: () => {},
    waits: noWaits(),
  };
}

/** The requests since the last call. */
function requests(): string[] {
  return github.requests.splice(0);
}

beforeEach(() => {
  github = startFakeGitHub();
  const changes = [{ file: 'apps/staging/app.yaml', line: 3, from: '1.2.0', to: '1.3.0' }];
  result = { kind: 'pushed', commit: 'c0ffee', changes, problems: [] };
  workspace = fakeWorkspace((update) => {
    if (result.kind !== 'in-base') github.branches.add(update.branch);
    return result;
  });
  promoter = createPullRequestPromoter(deps());
});
afterEach(() => github.stop());

describe('the pull-request strategy', () => {
  test('asks nobody where neither type nor host says what forge it is', async () => {
    const { type: _, ...untyped } = settings();
    const failure = await failureOf(promote({}, untyped));
    expect(failure).toMatchObject({ code: 'SpecInvalid', retry: 'never' });
    expect(failure.message).toContain('does not tell which forge it is: write type: one of github, gitlab, ');
    expect([workspace.updates, requests()]).toEqual([[], []]);
  });

  test('pushes the branch and opens a pull request with one request', async () => {
    expect(await promote()).toEqual({ kind: 'pull-request', pullRequest: PUSHED });

    expect(workspace.updates[0]).toMatchObject({
      baseBranch: 'main',
      branch: BRANCH,
      markerKey: 'team:app:staging',
      revision: '1.3.0',
    });
    expect(github.pulls[0]).toMatchObject({
      title: 'Promote team/app in staging to 1.3.0',
      head: { ref: BRANCH },
      base: { ref: 'main' },
    });
    expect(github.pulls[0]?.body).toContain('`apps/staging/app.yaml`, line 3');
    expect(requests()).toEqual([CREATE]);
  });

  test('asks no forge when the base branch has the revision already', async () => {
    result = { kind: 'in-base', problems: ['apps/x.yaml:1: unreadable'] };

    expect(await promote()).toEqual({
      kind: 'already-there',
      message:
        'Branch main has 1.3.0 at every place that is named for team:app:staging already. apps/x.yaml:1: unreadable',
    });
    expect(requests()).toEqual([]);
  });

  test('updates the known pull request in place for a newer revision', async () => {
    await promote();
    requests();

    const again = await promote({ revision: '1.4.0', pullRequest: FIRST });

    expect(again).toEqual({ kind: 'pull-request', pullRequest: PUSHED });
    expect(github.pulls).toHaveLength(1);
    expect(github.pulls[0]).toMatchObject({ title: 'Promote team/app in staging to 1.4.0' });
    expect(requests()).toEqual([GET, UPDATE]);
  });

  test('changes nothing when it is asked twice', async () => {
    await promote();
    result = { ...result, kind: 'unchanged' } as BranchResult;
    requests();

    await promote({ pullRequest: FIRST });
    expect(requests()).toEqual([GET]);
    await promote();
    expect(requests()).toEqual([CREATE, FIND]);
    expect(github.pulls).toHaveLength(1);
  });

  test('pushes and opens nothing when a person closed the one of this very revision', async () => {
    await promote();
    github.close(1);
    workspace.updates.length = 0;
    requests();

    expect(await promote({ pullRequest: PUSHED })).toEqual({ kind: 'closed' });
    expect(workspace.updates).toEqual([]);
    expect(requests()).toEqual([GET]);
  });

  test('opens none when a person closed the one of this very revision while its branch was pushed', async () => {
    await promote();
    requests();
    const closing = fakeWorkspace(() => {
      if (github.pulls[0]?.state === 'open') github.close(1);
      return result;
    });
    promoter = createPullRequestPromoter({ ...deps(), workspace: closing });

    expect(await promote({ pullRequest: PUSHED })).toEqual({ kind: 'closed' });
    expect(github.pulls).toHaveLength(1);
    expect(requests()).toEqual([GET, GET, GET]);
  });

  test('adopts the open pull request when the status lost its number', async () => {
    await promote();
    requests();

    expect(await promote({ revision: '1.4.0' })).toEqual({ kind: 'pull-request', pullRequest: PUSHED });
    expect(github.pulls[0]?.title).toEndWith('1.4.0');
    expect(requests()).toEqual([CREATE, FIND, UPDATE]);
  });

  test('opens a new pull request when the known one was merged or closed, and leaves that one as it is', async () => {
    for (const end of ['merge', 'close'] as const) {
      await promote();
      const number = github.pulls.length;
      github[end](number);
      requests();

      const next = await promote({
        revision: '1.4.0',
        pullRequest: { url: `https://github.com/acme/fleet/pull/${number}`, number },
      });

      expect(next).toMatchObject({ pullRequest: { number: number + 1 } });
      expect(github.pulls[number - 1]?.title).toEndWith('1.3.0');
      expect(requests()).toEqual([`GET /api/v3/repos/acme/fleet/pulls/${number}`, CREATE]);
      github.merge(number + 1);
    }
  });

  test('opens a new pull request when the old branch was deleted after the merge', async () => {
    await promote();
    github.merge(1);
    github.branches.delete(BRANCH);

    expect(await promote({ revision: '1.4.0' })).toMatchObject({ pullRequest: { number: 2 } });
  });

  test('opens none when the known one was merged together with what was just pushed', async () => {
    await promote();
    requests();
    github.meanwhile(() => {
      github.merge(1);
      result = { kind: 'in-base', problems: [] };
    });

    const again = await promote({ revision: '1.4.0', pullRequest: FIRST });

    expect(again).toMatchObject({ kind: 'already-there' });
    expect(github.pulls).toHaveLength(1);
    expect(requests()).toEqual([GET]);
  });

  test('tries again later when the pull request is merged while it is updated', async () => {
    await promote();
    github.meanwhile(() => {});
    github.meanwhile(() => github.merge(1));

    const failure = await failureOf(promote({ revision: '1.4.0', pullRequest: FIRST }));

    expect(failure).toMatchObject({ code: 'ForgeUnavailable', retry: 'backoff' });
    expect(failure.message).toContain('was merged while it was being updated');
    expect(await promote({ revision: '1.4.0', pullRequest: FIRST })).toMatchObject({
      pullRequest: { number: 2 },
    });
  });

  test('tries again later when the pull request in the way has gone', async () => {
    await promote();
    github.meanwhile(() => {});
    github.meanwhile(() => github.close(1));

    expect(await failureOf(promote())).toMatchObject({ code: 'ForgeUnavailable', retry: 'backoff' });
  });

  test('opens one pull request when two promotions run at once', async () => {
    const both = await Promise.all([promote(), promote()]);

    expect(both.map((one) => one.kind === 'pull-request' && one.pullRequest.number)).toEqual([1, 1]);
    expect(github.pulls).toHaveLength(1);
  });

  test('moves the open pull request along with the base branch', async () => {
    github.branches.add('release');
    await promote();

    await promote({ pullRequest: FIRST }, settings({ baseBranch: 'release' }));

    expect(github.pulls).toHaveLength(1);
    expect(github.pulls[0]?.base.ref).toBe('release');
  });

  test('ignores a known number that is of another repository', async () => {
    await promote();

    const elsewhere = { url: 'https://github.com/acme/old/pull/1', number: 1 };

    expect(await promoter.state(elsewhere, settings(), CREDENTIALS)).toBe('missing');
    expect(await promote({ pullRequest: elsewhere })).toMatchObject({ pullRequest: FIRST });
  });

  test('passes on what the workspace could not do', async () => {
    result = { ...result, problems: ['apps/a.yaml:3: no.', 'apps/b.yaml:4: no.'] };

    expect(await promote()).toMatchObject({ message: 'apps/a.yaml:3: no. apps/b.yaml:4: no.' });
    expect(github.pulls[0]?.body).toContain('Left out:');
  });

  test('finds a wrong URL before it pushes anything', async () => {
    const url = await failureOf(promote({}, settings({ url: 'https://github.com/acme' })));

    expect(url).toMatchObject({ code: 'SpecInvalid', retry: 'never' });
    expect(workspace.updates).toEqual([]);
  });

  test('goes to where Git finds a Bitbucket repository, as the user that a token of a repository is for', async () => {
    result = { kind: 'in-base', problems: [] };
    const url = `${github.origin}/projects/ACME/repos/fleet/browse`;
    await promote({}, settings({ type: 'bitbucket-server', url }));

    expect(workspace.updates[0]).toMatchObject({
      url: `${github.origin}/scm/ACME/fleet.git`,
      credentials: { ...CREDENTIALS, username: 'x-token-auth' },
    });
  });

  test('says who the author is, and where it is told so, who commits and signs', async () => {
    await promote();
    expect(workspace.updates[0]).not.toContainAnyKeys(['committer', 'signing']);
    expect(workspace.updates[0]?.author).toEqual({ name: 'Turnpike', email: 'turnpike@turnpike.invalid' });
    const [author, committer] = [
      { name: 'Ada', email: 'ada@example.com' },
      { name: 'Bot', email: 'bot@example.com' },
    ];
    const signing = { key: 'a key', passphrase: 'p' };
    const other = createPullRequestPromoter(deps());
    await other.promote(
      promotionRequest(),
      { ...settings(), commit: { author, committer } },
      { ...CREDENTIALS, signing },
    );
    expect(workspace.updates[1]).toMatchObject({ author, committer, signing });
  });

  test('stops with the reason of the signal', async () => {
    const stopping = new AbortController();
    stopping.abort(new Error('the program stops'));
    const promotion = promoter.promote(promotionRequest(), settings(), CREDENTIALS, stopping.signal);

    await expect(promotion).rejects.toThrow('the program stops');
  });
});

describe('a pull request on the branch', () => {
  const pulledBy = async (body: string) => {
    await promote();
    for (const pull of github.pulls) pull.body = body;
    requests();
  };

  test('is adopted when the predecessor opened it', async () => {
    await pulledBy(
      '<details>\n<summary>metadata</summary>\n!!! DO NOT EDIT !!!\n\nteam/app/staging\n</details>\n',
    );

    expect(await promote()).toMatchObject({ pullRequest: FIRST });
    expect(github.pulls[0]?.body).toContain('| Environment | `staging` |');
  });

  test('is adopted when a person opened it', async () => {
    await pulledBy('I did this by hand.');

    expect(await promote()).toMatchObject({ pullRequest: FIRST });
  });

  test('is left alone when it belongs to another pipeline', async () => {
    const body = '!!! DO NOT EDIT !!!\n\nteam-app/x/staging\n';
    await pulledBy(body);

    const failure = await failureOf(promote());

    expect(failure).toMatchObject({ code: 'ForgeRefused', retry: 'never' });
    expect(failure.message).toContain('another pipeline, team-app/x/staging');
    expect(github.pulls[0]?.body).toBe(body);
    expect(requests()).toEqual([CREATE, FIND]);
  });
});

test('the state of a pull request costs one request', async () => {
  const state = () => promoter.state(FIRST, settings(), CREDENTIALS);
  expect(await state()).toBe('missing');
  await promote();
  expect(await state()).toBe('open');
  github.close(1);
  expect(await state()).toBe('closed');
  github.merge(1);
  expect(await state()).toBe('merged');
  expect(requests()).toEqual([GET, CREATE, GET, GET, GET]);
});
