import { describe, expect, test } from 'bun:test';
import type { PullRequestRef } from '../../../src/api/pipeline.ts';
import type { PullRequestState } from '../../../src/decide/promotion/next.ts';
import { closingNote } from '../../../src/promote/pull-request/names.ts';
import { fakeBranches } from '../../fakes/branches.ts';
import { commitOf } from '../../fakes/github/branches.ts';
import type { FakePull } from '../../fakes/github/types.ts';
import { BRANCH, CREATE, CREDENTIALS, GET, githubStage } from '../../fakes/github-stage.ts';
import { promotionRequest, stateRequest } from '../../fakes/promotion.ts';

const stage = githubStage();

/** The pull request as it is recorded; the stand-in shows the head of its branch at once. */
function recorded(change: Partial<PullRequestRef> = {}): PullRequestRef {
  return stage.first({ commit: commitOf(BRANCH), ...change });
}

function state(known = recorded(), isClosed = false): Promise<PullRequestState> {
  return stage.promoter().state(stateRequest(known, stage.settings(), { isClosed }), CREDENTIALS);
}

async function opened(change: (pull: FakePull) => unknown = () => {}): Promise<void> {
  await stage.promote();
  const [pull] = stage.github.pulls;
  if (!pull) throw new Error('there is none');
  change(pull);
}

const set = (change: Partial<FakePull>) => (pull: FakePull) => Object.assign(pull, change);
const to = (base: string) => (pull: FakePull) => Object.assign(pull.base, { ref: base });
const merge = () => stage.github.merge(1);
const close = () => stage.github.close(1);

const ANSWERS: readonly (readonly [
  PullRequestState,
  string,
  (pull: FakePull) => unknown,
  Partial<PullRequestRef>,
])[] = [
  ['open', 'is as it was left', () => {}, {}],
  ['moved', 'has another head than the recorded one', () => {}, { commit: 'abad1dea' }],
  ['behind', 'has to be built on all of its base', set({ mergeable_state: 'behind' }), {}],
  ['conflicting', 'has conflicts', set({ mergeable: false, mergeable_state: 'dirty' }), {}],
  ['merged', 'is merged', merge, {}],
  ['closed', 'was closed', close, {}],
];

describe('the state of a pull request', () => {
  test('costs one request', async () => {
    expect(await state()).toBe('missing');
    await stage.promote();
    expect(await state()).toBe('open');
    stage.github.close(1);
    expect(await state()).toBe('closed');
    stage.github.merge(1);
    expect(await state()).toBe('merged');
    expect(stage.requests()).toEqual([GET, 'push', CREATE, GET, GET, GET]);
  });

  test.each(ANSWERS)('is %s when it %s', async (answer, _, change, known) => {
    await opened(change);
    expect(await state(recorded(known))).toBe(answer);
  });

  test('is open where the record does not say which commit was pushed', async () => {
    await opened();
    const { commit: _, ...unknown } = recorded();
    expect(await state(unknown)).toBe('open');
  });

  test('is merged where the record does not say which base it has', async () => {
    stage.github.branches.add('release');
    await opened(to('release'));
    stage.github.merge(1);
    const { base: _, ...unknown } = recorded();
    expect(await state(unknown)).toBe('merged');
  });

  test('is merged-elsewhere when a person gave it another base and merged it', async () => {
    stage.github.branches.add('release');
    await opened(to('release'));
    stage.github.merge(1);
    expect(await state()).toBe('merged-elsewhere');
  });

  test('is open while its base is another one, for it may be given back', async () => {
    stage.github.branches.add('release');
    await opened(to('release'));
    expect(await state()).toBe('open');
  });

  test('is lapsed when it was closed because its base branch was deleted', async () => {
    await opened(close);
    stage.branches.gone.add('main');
    expect(await state()).toBe('lapsed');
    expect(stage.branches.looks).toEqual(['hasBranch main']);
  });

  test('is lapsed when we closed it ourselves, and the process ended before that was recorded', async () => {
    await opened((pull) => {
      close();
      pull.body = `${pull.body}\n${closingNote('Too old.')}`;
    });
    expect(await state()).toBe('lapsed');
  });

  test('looks for the base that is recorded, and not for the one that the spec names by now', async () => {
    await opened(close);
    stage.branches.gone.add('release');
    expect(await state(recorded({ base: 'release' }))).toBe('lapsed');
  });

  test.each([
    ['the address is another repository’s', { url: 'https://github.com/acme/old/pull/1' }],
    ['it comes from another branch', { branch: 'promotion-team-app-live' }],
  ])('is missing when %s', async (_, change) => {
    await opened();
    expect(await state(recorded(change))).toBe('missing');
  });

  test('is missing when its note names another pipeline', async () => {
    await opened(set({ body: '!!! DO NOT EDIT !!!\n\nteam-app/x/staging\n' }));
    expect(await state()).toBe('missing');
  });

  test('of one that a person closed asks Git nothing, and says when it is open again or merged', async () => {
    await opened(close);
    stage.branches.gone.add('main');
    expect(await state(recorded(), true)).toBe('closed');
    Object.assign(stage.github.pulls[0] ?? {}, { state: 'open', closed_at: null });
    expect(await state(recorded(), true)).toBe('open');
    stage.github.merge(1);
    expect(await state(recorded(), true)).toBe('merged');
    expect(stage.branches.looks).toEqual([]);
  });
});

describe('what was merged', () => {
  test.each([
    ['merged', 'has the revision', { kind: 'in-base' }],
    ['merged', 'has it at some places', { kind: 'partly', values: ['1.2.0'] }],
    ['reverted', 'has another value', { kind: 'differs', values: ['1.2.0'] }],
  ] as const)('is %s where the base branch %s, and no forge is asked', async (answer, _, found) => {
    const asked: unknown[] = [];
    const branches = fakeBranches(
      () => stage.result,
      ({ baseBranch, markerKey, files, revision }) => {
        asked.push({ baseBranch, markerKey, files, revision });
        return found;
      },
    );
    const files = [{ path: 'values.yaml', field: 'image.tag' }];
    const settings = stage.settings({ baseBranch: 'live', files });
    const promoter = stage.promoter({ branches });
    expect(await promoter.inBase(promotionRequest(), settings, CREDENTIALS)).toBe(answer);
    expect(asked).toEqual([{ baseBranch: 'live', markerKey: 'team:app:staging', files, revision: '1.3.0' }]);
    expect(stage.requests()).toEqual([]);
  });
});
