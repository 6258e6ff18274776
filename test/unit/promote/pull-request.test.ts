import { describe, expect, test } from 'bun:test';
import { pipelineKey } from '../../../src/api/pipeline.ts';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import type { BranchResult } from '../../../src/promote/branch/port.ts';
import type { Fence } from '../../../src/promote/fence.ts';
import { fencedBranches } from '../../../src/reconcile/fenced.ts';
import { attemptTime } from '../../fakes/attempt-time.ts';
import { failureOf } from '../../fakes/failure.ts';
import { labelOf } from '../../fakes/github/examples.ts';
import {
  BRANCH,
  CREATE,
  CREDENTIALS,
  FIND,
  GET,
  githubStage,
  PUSH,
  UPDATE,
} from '../../fakes/github-stage.ts';
import { carriedOut, promotionRequest } from '../../fakes/promotion.ts';

const stage = githubStage();
const { promote, settings, first, requests } = stage;

describe('the pull-request strategy', () => {
  test('asks nobody where neither type nor host says what forge it is', async () => {
    const { type: _, ...untyped } = settings();
    const failure = await failureOf(promote({}, untyped));
    expect(failure).toMatchObject({ code: 'SpecInvalid', retry: 'never' });
    expect(failure.message).toContain('is not known: write type: one of github, gitlab, ');
    expect([stage.branches.updates, requests()]).toEqual([[], []]);
  });

  test('pushes the branch and opens a pull request with one request', async () => {
    expect(await promote()).toEqual({ kind: 'pull-request', pullRequest: first() });

    expect(stage.branches.updates[0]).toMatchObject({
      baseBranch: 'main',
      branch: BRANCH,
      markerKey: 'team:app:staging',
      revision: '1.3.0',
      pushed: {},
    });
    expect(stage.github.pulls[0]).toMatchObject({
      title: 'Promote team/app in staging to 1.3.0',
      head: { ref: BRANCH },
      base: { ref: 'main' },
    });
    expect(stage.github.pulls[0]?.body).toContain('`apps/staging/app.yaml`, line 3');
    expect(requests()).toEqual([PUSH, CREATE]);
  });

  test('links to where the repository is, and says that the forge names another page', async () => {
    stage.github.options.web = 'https://evil.example';
    const { host } = new URL(stage.github.origin);
    const message = `GitHub has the page of the pull request at evil.example, and the repository is at ${host}: the link is made of the repository's URL.`;
    expect(await promote()).toEqual({ kind: 'pull-request', pullRequest: first(), message });
    // It is known again by that link.
    stage.result = { ...stage.result, kind: 'unchanged' } as BranchResult;
    expect(await promote({ pullRequest: first() })).toMatchObject({ pullRequest: first() });
    expect(stage.github.pulls).toHaveLength(1);
  });

  test('knows one again that was recorded with letters of any kind', async () => {
    stage.github.options.web = `${stage.github.origin}/я/..`;
    await promote();
    const recorded = first({ url: `${stage.github.origin}/я/../acme/fleet/pull/1` });
    expect(await promote({ pullRequest: recorded })).toMatchObject({ pullRequest: first() });
    expect(stage.github.pulls).toHaveLength(1);
  });

  test('asks no forge when the base branch has the revision already', async () => {
    stage.result = { kind: 'in-base', problems: ['apps/x.yaml:1: unreadable'] };

    expect(await promote()).toEqual({
      kind: 'already-there',
      into: { url: settings().url, branch: 'main' },
      message:
        'Branch main has 1.3.0 at every place that is named for team:app:staging already. apps/x.yaml:1: unreadable',
    });
    expect(requests()).toEqual([PUSH]);
  });

  test('changes nothing when it is asked twice', async () => {
    await promote();
    stage.result = { ...stage.result, kind: 'unchanged' } as BranchResult;
    requests();

    await promote({ pullRequest: first() });
    // Before the push, for a person may have closed it, and after it, for it may have been merged with that.
    expect(requests()).toEqual([GET, PUSH, GET]);
    await promote();
    expect(requests()).toEqual([PUSH, CREATE, FIND]);
    expect(stage.github.pulls).toHaveLength(1);
  });

  test('adopts the open pull request when the status lost its number', async () => {
    await promote();
    requests();

    const pullRequest = first({ revision: '1.4.0' });
    expect(await promote({ revision: '1.4.0' })).toEqual({ kind: 'pull-request', pullRequest });
    expect(stage.github.pulls[0]?.title).toEndWith('1.4.0');
    expect(requests()).toEqual([PUSH, CREATE, FIND, UPDATE]);
  });

  test('opens a new pull request when the old branch was deleted after the merge', async () => {
    await promote();
    stage.github.merge(1);
    stage.github.branches.delete(BRANCH);

    expect(await promote({ revision: '1.4.0' })).toMatchObject({ pullRequest: { number: 2 } });
  });

  test('tries again later when the pull request in the way has gone', async () => {
    await promote();
    stage.github.meanwhile(() => {});
    stage.github.meanwhile(() => stage.github.close(1));

    expect(await failureOf(promote())).toMatchObject({ code: 'ForgeUnavailable', retry: 'backoff' });
  });

  test('opens one pull request when two promotions run at once', async () => {
    const both = await Promise.all([promote(), promote()]);

    expect(both.map((one) => one.kind === 'pull-request' && one.pullRequest.number)).toEqual([1, 1]);
    expect(stage.github.pulls).toHaveLength(1);
  });

  test('passes on what the branch updater could not do', async () => {
    stage.result = { ...stage.result, problems: ['apps/a.yaml:3: no.', 'apps/b.yaml:4: no.'] };

    expect(await promote()).toMatchObject({ message: 'apps/a.yaml:3: no. apps/b.yaml:4: no.' });
    expect(stage.github.pulls[0]?.body).toContain('Left out, or to be checked:');
  });

  test('finds a wrong URL before it pushes anything', async () => {
    const url = await failureOf(promote({}, settings({ url: 'https://github.com/acme' })));

    expect(url).toMatchObject({ code: 'SpecInvalid', retry: 'never' });
    expect(stage.branches.updates).toEqual([]);
  });

  test('goes to where Git finds a Bitbucket repository, with the token as a bearer of it', async () => {
    stage.result = { kind: 'in-base', problems: [] };
    const url = `${stage.github.origin}/projects/ACME/repos/fleet/browse`;
    await promote({}, settings({ type: 'bitbucket-server', url }));

    expect(stage.branches.updates[0]).toMatchObject({
      url: `${stage.github.origin}/scm/ACME/fleet.git`,
      credentials: { ...CREDENTIALS, bearerToken: CREDENTIALS.token },
    });
  });

  test('says who the author is, and where it is set, who commits and signs', async () => {
    await promote();
    expect(stage.branches.updates[0]).not.toContainAnyKeys(['committer', 'signing']);
    const turnpike = { name: 'Turnpike', email: 'turnpike@turnpike.invalid' };
    expect(stage.branches.updates[0]?.author).toEqual(turnpike);
    const [author, committer] = [
      { name: 'Ada', email: 'ada@example.com' },
      { name: 'Bot', email: 'bot@example.com' },
    ];
    const signing = { key: 'a key', passphrase: 'p' };
    await carriedOut(
      stage
        .promoter()
        .prepare(
          promotionRequest(),
          { ...settings(), commit: { author, committer } },
          { ...CREDENTIALS, signing },
        ),
    );
    expect(stage.branches.updates[1]).toMatchObject({ author, committer, signing });
  });

  test('has nothing pushed where another replica leads by then', async () => {
    const lost = new TurnpikeError('NotLeading', 'Another replica leads.');
    const fence: Fence = async (key) => {
      if (key === pipelineKey('team', 'app')) throw lost;
    };
    await carriedOut(
      stage
        .promoter({ branches: fencedBranches(stage.branches, fence) })
        .prepare(promotionRequest(), settings(), CREDENTIALS),
    );
    const [update] = stage.branches.updates;
    expect(await failureOf(Promise.resolve(update?.fence?.()))).toBe(lost);
  });

  test('stops with the reason of the signal', async () => {
    const stopping = new AbortController();
    stopping.abort(new Error('the program stops'));
    const promotion = carriedOut(
      stage.promoter().prepare(promotionRequest(), settings(), CREDENTIALS, attemptTime(stopping.signal)),
    );

    await expect(promotion).rejects.toThrow('the program stops');
  });
});

describe('a pull request that is open already', () => {
  const labels = () => stage.github.pulls[0]?.labels.map(({ name }) => name);

  test('gets what it lacks of labels and people with a newer revision, and keeps its own', async () => {
    await promote({}, settings({ labels: ['promotion'] }));
    stage.github.pulls[0]?.labels.push(labelOf('by a person'));
    requests();

    const wanted = settings({ labels: ['promotion', 'staging'], assignees: ['ann'], reviewers: ['bob'] });
    await promote({ revision: '1.4.0', pullRequest: first() }, wanted);
    expect(labels()).toEqual(['promotion', 'by a person', 'staging']);
    expect(stage.github.pulls[0]).toMatchObject({
      title: 'Promote team/app in staging to 1.4.0',
      assignees: [{ login: 'ann' }],
      requested_reviewers: [{ login: 'bob' }],
    });
    expect(requests().slice(0, 3)).toEqual([PUSH, GET, UPDATE]);
  });

  test('gets them also where its title and text stay as they are', async () => {
    await promote();
    requests();

    await promote({ pullRequest: first() }, settings({ labels: ['promotion'] }));
    expect(labels()).toEqual(['promotion']);
    expect(requests()).toEqual([GET, PUSH, GET, 'POST /api/v3/repos/acme/fleet/issues/1/labels']);
  });
});

describe('a pull request on the branch', () => {
  const pulledBy = async (body: string) => {
    await promote();
    for (const pull of stage.github.pulls) pull.body = body;
    requests();
  };

  test('is adopted when the predecessor opened it', async () => {
    await pulledBy(
      '<details>\n<summary>metadata</summary>\n!!! DO NOT EDIT !!!\n\nteam/app/staging\n</details>\n',
    );

    expect(await promote()).toMatchObject({ pullRequest: first() });
    expect(stage.github.pulls[0]?.body).toContain('| Environment | `staging` |');
  });

  test('is adopted when a person opened it', async () => {
    await pulledBy('I did this by hand.');

    expect(await promote()).toMatchObject({ pullRequest: first() });
  });

  test('is left alone when it belongs to another pipeline', async () => {
    const body = '!!! DO NOT EDIT !!!\n\nteam-app/x/staging\n';
    await pulledBy(body);

    const failure = await failureOf(promote());

    expect(failure).toMatchObject({ code: 'ForgeRefused', retry: 'never' });
    expect(failure.message).toContain('another pipeline, team-app/x/staging');
    expect(stage.github.pulls[0]?.body).toBe(body);
    expect(requests()).toEqual([PUSH, CREATE, FIND]);
  });
});
