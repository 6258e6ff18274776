import { describe, expect, test } from 'bun:test';
import { pipelineKey } from '../../../src/api/pipeline.ts';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import { createForge } from '../../../src/lib/forges/registry.ts';
import { closingNote } from '../../../src/promote/pull-request/names.ts';
import { fencedForge } from '../../../src/reconcile/fenced.ts';
import { failureOf } from '../../fakes/failure.ts';
import { commitOf } from '../../fakes/github/branches.ts';
import { BRANCH, CREATE, CREDENTIALS, GET, githubStage, PUSH, UPDATE } from '../../fakes/github-stage.ts';
import { carriedOut, promotionRequest, taskRequest } from '../../fakes/promotion.ts';

const stage = githubStage();
const { promote, settings, first, requests } = stage;
/** The next revision, with #1 of 1.3.0 as it is recorded. */
const promoteNext = () => promote({ revision: '1.4.0', pullRequest: first() });

describe('a pull request that is open and not recorded', () => {
  const IN_BASE = { kind: 'in-base', problems: [] } as const;

  test('is named where the base branch has the revision already, to be closed', async () => {
    await promote();
    stage.result = IN_BASE;
    const there = await promote({ revision: '1.4.0', mayBeOpen: true });
    const { commit: _, revision: __, ...known } = first();
    expect(there).toMatchObject({ kind: 'already-there', pullRequest: known });
  });

  test('is not asked for where no attempt came before', async () => {
    await promote();
    requests();
    stage.result = IN_BASE;
    expect(await promote({ revision: '1.4.0' })).not.toHaveProperty('pullRequest');
    expect(requests()).toEqual([PUSH]);
  });

  test('is not ours where its note names another pipeline', async () => {
    await promote();
    Object.assign(stage.github.pulls[0] ?? {}, { body: '!!! DO NOT EDIT !!!\n\nteam-app/x/staging\n' });
    stage.result = IN_BASE;
    expect(await promote({ revision: '1.4.0', mayBeOpen: true })).not.toHaveProperty('pullRequest');
  });
});

describe('a pull request whose labels cannot be set now', () => {
  const labelling = (error: Error) => {
    const create: typeof createForge = (...args) => ({
      ...createForge(...args),
      setMetadata: () => Promise.reject(error),
    });
    const request = promotionRequest();
    return carriedOut(stage.promoter({ createForge: create }).prepare(request, settings(), CREDENTIALS));
  };

  test('is known all the same, with what failed', async () => {
    const retry = { afterSeconds: 600 };
    const limited = new TurnpikeError('ForgeRateLimited', 'Wait for ten minutes.', { retry });
    const failure = { message: 'Wait for ten minutes.', retry };
    expect(await labelling(limited)).toEqual({ kind: 'pull-request', pullRequest: first(), failure });
  });

  test('is left to the next leader where the lead is lost', async () => {
    expect(await failureOf(labelling(new TurnpikeError('NotLeading', 'Another one leads.')))).toMatchObject({
      code: 'NotLeading',
    });
    await expect(labelling(new Error('aborted'))).rejects.toThrow('aborted');
  });
});

describe('the pull request that is recorded', () => {
  test('is updated in place for a newer revision', async () => {
    await promote();
    requests();

    const pullRequest = first({ revision: '1.4.0' });
    expect(await promoteNext()).toEqual({ kind: 'pull-request', pullRequest });
    expect(stage.branches.updates[1]?.pushed).toEqual({ commit: 'c0ffee', revision: '1.3.0' });
    expect(stage.github.pulls).toHaveLength(1);
    expect(stage.github.pulls[0]).toMatchObject({ title: 'Promote team/app in staging to 1.4.0' });
    expect(requests()).toEqual([PUSH, GET, UPDATE]);
  });

  test('gives way to a new one when it is merged, and stays as it is', async () => {
    await promote();
    stage.github.merge(1);
    requests();

    const next = await promoteNext();
    expect(next).toMatchObject({ pullRequest: { number: 2, revision: '1.4.0' } });
    expect(next).not.toHaveProperty('rejected');
    expect(stage.github.pulls[0]?.title).toEndWith('1.3.0');
    // The second time, for it may have been merged with what was pushed the first time.
    expect(requests()).toEqual([PUSH, GET, PUSH, CREATE]);
  });

  test('is followed by none when it was merged together with what was just pushed', async () => {
    await promote();
    requests();
    stage.github.meanwhile(() => {
      stage.github.merge(1);
      stage.result = { kind: 'in-base', problems: [] };
    });

    expect(await promoteNext()).toMatchObject({ kind: 'already-there' });
    expect(stage.github.pulls).toHaveLength(1);
    expect(requests()).toEqual([PUSH, GET, PUSH]);
  });

  test('is followed by one at the commit that its branch has in the end', async () => {
    await promote();
    stage.github.merge(1);
    let pushes = 0;
    stage.meanwhile = () => {
      pushes += 1;
      stage.result = { kind: 'pushed', commit: `c0ffee${pushes}`, changes: [], problems: [] };
    };

    expect(await promoteNext()).toMatchObject({ pullRequest: { number: 2, commit: 'c0ffee2' } });
  });

  test('is tried again later when it is merged while it is updated', async () => {
    await promote();
    stage.github.meanwhile(() => {});
    stage.github.meanwhile(() => stage.github.merge(1));

    const failure = await failureOf(promoteNext());
    expect(failure).toMatchObject({ code: 'ForgeUnavailable', retry: 'backoff' });
    expect(failure.message).toContain('was merged while it was being updated');
    expect(await promoteNext()).toMatchObject({ pullRequest: { number: 2 } });
  });

  test('moves along with the base branch', async () => {
    stage.github.branches.add('release');
    await promote();

    const moved = await promote({ pullRequest: first() }, settings({ baseBranch: 'release' }));
    expect(moved).toEqual({ kind: 'pull-request', pullRequest: first({ base: 'release' }) });
    expect(stage.github.pulls).toHaveLength(1);
    expect(stage.github.pulls[0]?.base.ref).toBe('release');
  });

  test('is not ours where its number is another repository’s by now', async () => {
    await promote();

    const elsewhere = first({ url: 'https://github.com/acme/old/pull/1' });
    expect(await promote({ pullRequest: elsewhere })).toEqual({ kind: 'pull-request', pullRequest: first() });
  });

  test('is not ours where it comes from another branch', async () => {
    await promote();
    const [pull] = stage.github.pulls;
    Object.assign(pull?.head ?? {}, { ref: 'feature' });
    stage.github.branches.add('feature');

    expect(await promoteNext()).toMatchObject({ pullRequest: { number: 2 } });
    expect(pull).toMatchObject({ title: 'Promote team/app in staging to 1.3.0', state: 'open' });
  });

  test('is not ours where its note names another pipeline', async () => {
    await promote();
    const body = '!!! DO NOT EDIT !!!\n\nteam-app/x/staging\n';
    Object.assign(stage.github.pulls[0] ?? {}, { body });

    expect(await failureOf(promoteNext())).toMatchObject({ code: 'ForgeRefused', retry: 'never' });
    expect(stage.github.pulls[0]).toMatchObject({ title: 'Promote team/app in staging to 1.3.0', body });
  });
});

describe('a pull request that a person closed', () => {
  test('is the end of this very revision: nothing is pushed or opened', async () => {
    await promote();
    stage.github.close(1);
    requests();

    expect(await promote({ pullRequest: first() })).toEqual({ kind: 'closed' });
    expect(requests()).toEqual([GET]);
  });

  test('is the end of this very revision too when it was closed while its branch was pushed', async () => {
    await promote();
    requests();
    stage.meanwhile = () => stage.github.close(1);

    expect(await promote({ pullRequest: first() })).toEqual({ kind: 'closed' });
    expect(stage.github.pulls).toHaveLength(1);
    expect(requests()).toEqual([GET, PUSH, GET, PUSH]);
  });

  test('of an older revision is reported as a rejection of that one, and a newer one gets its own', async () => {
    await promote();
    stage.github.close(1);
    requests();

    const pullRequest = first({
      url: `${stage.github.origin}/acme/fleet/pull/2`,
      number: 2,
      revision: '1.4.0',
    });
    expect(await promoteNext()).toEqual({ kind: 'pull-request', pullRequest, rejected: '1.3.0' });
    expect(requests()).toEqual([PUSH, GET, PUSH, CREATE]);
    expect(stage.github.pulls.map(({ title, state }) => `${title} ${state}`)).toEqual([
      'Promote team/app in staging to 1.3.0 closed',
      'Promote team/app in staging to 1.4.0 open',
    ]);
  });

  test('is no person’s no where we closed it ourselves', async () => {
    await promote();
    stage.github.close(1);
    const [pull] = stage.github.pulls;
    if (!pull) throw new Error('there is none');
    pull.body = `${pull.body}\n${closingNote('Too old.')}`;

    const next = await promote({ pullRequest: first() });
    expect(next).toMatchObject({ kind: 'pull-request', pullRequest: { number: 2 } });
    expect(next).not.toHaveProperty('rejected');
  });

  test('is no person’s no where it is not recorded what it brought', async () => {
    await promote();
    stage.github.close(1);
    const { revision: _, ...unknown } = first();

    const next = await promote({ pullRequest: unknown });
    expect(next).toMatchObject({ kind: 'pull-request', pullRequest: { number: 2 } });
    expect(next).not.toHaveProperty('rejected');
  });

  test('is no person’s no where its base branch is gone: the error says so', async () => {
    await promote();
    stage.github.close(1);
    stage.branches.gone.add('main');
    for (const attempt of [() => promote({ pullRequest: first() }), promoteNext]) {
      const failure = await failureOf(attempt());
      expect(failure).toMatchObject({ code: 'GitBranchNotFound', retry: 'never' });
      expect(failure.message).toContain('main');
    }
    expect(stage.github.pulls).toHaveLength(1);
  });

  test('is no person’s no where the spec names another base branch since the one of then is gone', async () => {
    stage.github.branches.add('release');
    await promote();
    stage.github.close(1);
    stage.branches.gone.add('main');
    const next = await promote({ pullRequest: first() }, settings({ baseBranch: 'release' }));
    expect(next).toMatchObject({ pullRequest: { number: 2, base: 'release' } });
    expect(next).not.toHaveProperty('rejected');
  });

  test('is no person’s no where its base branch went while it was looked at', async () => {
    await promote();
    stage.github.close(1);
    // The push went well, and what is asked of Git after that says that the branch is not there.
    stage.meanwhile = () => stage.branches.gone.add('main');
    expect(await failureOf(promoteNext())).toMatchObject({ code: 'GitBranchNotFound', retry: 'never' });
    expect(stage.branches.looks).toEqual(['hasBranch main']);
    expect(stage.github.pulls).toHaveLength(1);
  });
});

describe('a branch with commits of others', () => {
  const OTHERS = 'Its branch has commits of others: they are kept, and people merge it.';

  test('is said in the message and the record, and title and text go along', async () => {
    await promote();
    stage.result = {
      kind: 'pushed',
      commit: 'decaf',
      others: true,
      changes: [{ file: 'apps/staging/app.yaml', line: 3, from: '1.2.0', to: '1.4.0' }],
      problems: ['apps/x.yaml:1: unreadable.'],
    };

    expect(await promoteNext()).toEqual({
      kind: 'pull-request',
      pullRequest: first({ revision: '1.4.0', commit: 'decaf', others: true }),
      message: `${OTHERS} apps/x.yaml:1: unreadable.`,
    });
    expect(stage.github.pulls[0]).toMatchObject({
      title: 'Promote team/app in staging to 1.4.0',
      body: expect.stringContaining('`1.2.0` → `1.4.0`'),
    });
  });

  test('is said no more once they are gone', async () => {
    await promote();
    const known = first({ commit: 'decaf', others: true });
    expect(await promote({ pullRequest: known })).toEqual({ kind: 'pull-request', pullRequest: first() });
  });

  test('that nothing can go on top of stops with a sentence, also in the pull request, once', async () => {
    await promote();
    const [before] = structuredClone(stage.github.pulls);
    const reason = 'Branch x has commits of others. Put the value back.';
    stage.result = { kind: 'blocked', commit: 'decaf', reason, problems: [] };

    for (let attempt = 1; attempt <= 2; attempt++) {
      const failure = await failureOf(promoteNext());
      expect(failure).toMatchObject({ code: 'GitRejected', message: reason, retry: 'never' });
    }
    expect(stage.github.comments.get(1)).toEqual([reason]);
    expect(stage.github.pulls[0]).toEqual(before as never);
  });

  test('that nothing can go on top of stops where there is no pull request too', async () => {
    const reason = 'Branch x has commits of others. Put the value back.';
    stage.result = { kind: 'blocked', commit: 'decaf', reason, problems: [] };
    expect(await failureOf(promote())).toMatchObject({ message: reason, retry: 'never' });
    expect(requests()).toEqual([PUSH]);
  });
});

describe('a replica that no longer leads', () => {
  const old = () =>
    stage.promoter({
      wrapForge: (forge, key) =>
        fencedForge(forge, async () => {
          if (key === pipelineKey('team', 'app'))
            throw new TurnpikeError('NotLeading', 'Another replica leads.');
        }),
    });
  const attempt = () =>
    carriedOut(
      old().prepare(promotionRequest({ revision: '1.4.0', pullRequest: first() }), settings(), CREDENTIALS),
    );

  test('opens no pull request', async () => {
    await failureOf(attempt());
    expect(stage.github.pulls).toEqual([]);
  });

  test('updates none', async () => {
    await promote();
    expect(await failureOf(attempt())).toMatchObject({ code: 'NotLeading' });
    expect(stage.github.pulls[0]?.title).toEndWith('1.3.0');
  });

  test.each([
    { kind: 'close', reason: 'Too old.' },
    { kind: 'merge', mayWait: true },
    { kind: 'check', state: 'success', description: 'The gates are open.' },
    { kind: 'cancel-merge' },
  ] as const)('does not $kind one', async (task) => {
    await promote();
    const [before] = structuredClone(stage.github.pulls);
    requests();
    const request = taskRequest(task, first({ commit: commitOf(BRANCH) }), { settings: settings() });
    const failure = await failureOf(old().runTask(request, CREDENTIALS));
    expect(failure).toMatchObject({ code: 'NotLeading' });
    expect(requests()).toEqual([GET]);
    expect([stage.github.pulls, stage.github.statuses]).toEqual([[before], []] as never);
    expect(await stage.promoter().runTask(request, CREDENTIALS)).not.toMatchObject({ kind: 'error' });
    expect(requests().length).toBeGreaterThan(1);
  });

  test('says nothing in one', async () => {
    await promote();
    stage.result = { kind: 'blocked', commit: 'decaf', reason: 'It is blocked.', problems: [] };
    expect(await failureOf(attempt())).toMatchObject({ code: 'NotLeading' });
    expect(stage.github.comments.get(1)).toBeUndefined();
  });
});
