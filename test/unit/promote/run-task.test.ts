import { describe, expect, test } from 'bun:test';
import type { PullRequestTask, TaskResult } from '../../../src/decide/promotion/task.ts';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import type { Forge, MergeOutcome, PullRequest } from '../../../src/lib/forges/port.ts';
import {
  closingNote,
  ownerNote,
  saysClosing,
  withoutClosing,
} from '../../../src/promote/pull-request/names.ts';
import { runTask, type TaskOptions } from '../../../src/promote/pull-request/run-task.ts';
import { fencedForge } from '../../../src/reconcile/fenced.ts';
import { failureOf } from '../../fakes/failure.ts';

const REF = { url: 'https://f/pulls/7', number: 7, commit: 'c0ffee' };
const OURS = ownerNote({ pipeline: { namespace: 'team', name: 'app' }, environment: 'staging' });
const PULL: PullRequest = {
  ...REF,
  state: 'open',
  title: 'Promote',
  body: OURS,
  base: 'main',
  head: 'promotion-team-app-staging',
  draft: false,
  headCommit: 'c0ffee',
  labels: [],
  assignees: [],
  reviewers: [],
};

const NOW = new Date('2026-11-21T12:00:00Z');
const OPTIONS: TaskOptions = {
  owner: 'team/app/staging',
  head: 'promotion-team-app-staging',
  base: 'main',
  meant: 'next',
  now: NOW,
};

const TASKS: Readonly<Record<PullRequestTask['kind'], PullRequestTask>> = {
  close: { kind: 'close', reason: 'Too old.' },
  check: { kind: 'check', state: 'pending', description: 'Waits.' },
  merge: { kind: 'merge', mayWait: true },
  'cancel-merge': { kind: 'cancel-merge' },
};
const DONE: TaskResult = { kind: 'done' };

/** A forge that writes down what it is told to do. */
function fakeForge(pull: PullRequest | undefined, outcome: MergeOutcome = { kind: 'merged' }) {
  const calls: unknown[] = [];
  const forge: Pick<Forge, 'get' | 'update' | 'close' | 'setStatus' | 'merge' | 'cancelMerge'> = {
    get: async () => pull,
    async update(...args) {
      calls.push(['update', ...args]);
      return PULL;
    },
    close: async (...args) => void calls.push(['close', ...args]),
    setStatus: async (...args) => void calls.push(['status', ...args]),
    async merge({ number }, ...args) {
      calls.push(['merge', number, ...args]);
      return outcome;
    },
    cancelMerge: async (...args) => void calls.push(['cancel-merge', ...args]),
  };
  return { calls, forge };
}

describe('a task of a pull request', () => {
  const NOTED = { title: PULL.title, body: `${OURS}\n\n${closingNote('Too old.')}` };

  test('notes that it is us who close it, and closes it with the reason', async () => {
    const { forge, calls } = fakeForge(PULL);
    expect(await runTask(forge, TASKS.close, REF, OPTIONS)).toEqual(DONE);
    expect(calls).toEqual([
      ['update', 7, NOTED],
      ['close', PULL, 'Too old.'],
    ]);
  });

  test('notes that in a form that is not shown where tags are', async () => {
    const { forge, calls } = fakeForge({ ...PULL, body: 'Edited by a person.' });
    await runTask({ ...forge, hiddenBy: 'reference' }, TASKS.close, REF, OPTIONS);
    const [, , noted] = calls[0] as [string, number, { body: string }];
    const read = [saysClosing(noted.body), withoutClosing(noted.body), Bun.markdown.html(noted.body)];
    expect(read).toEqual([true, 'Edited by a person.', '<p>Edited by a person.</p>\n']);
  });

  test('notes that once', async () => {
    const pull = { ...PULL, ...NOTED };
    const { forge, calls } = fakeForge(pull);
    expect(await runTask(forge, TASKS.close, REF, OPTIONS)).toEqual(DONE);
    expect(calls).toEqual([['close', pull, 'Too old.']]);
  });

  test("is no person's no where the process ended after it had closed it", async () => {
    const { forge } = fakeForge({ ...PULL, ...NOTED, state: 'closed' });
    expect(await runTask(forge, TASKS.close, REF, OPTIONS)).toEqual(DONE);
    // It may be closed for another reason by now.
    const other = { kind: 'close', reason: 'Another one.' } as const;
    expect(await runTask(forge, other, REF, OPTIONS)).toEqual(DONE);
  });

  test('closes one whose text has no room for a note', async () => {
    const pull = { ...PULL, body: 'a'.repeat(3990) };
    const { forge, calls } = fakeForge(pull);
    expect(await runTask({ ...forge, maxBody: 4000 }, TASKS.close, REF, OPTIONS)).toEqual(DONE);
    expect(calls).toEqual([['close', pull, 'Too old.']]);
  });

  test('closes one whose text the forge refuses to change, and none while the forge is away', async () => {
    const refusing = (retry: 'never' | 'backoff') => {
      const { forge, calls } = fakeForge(PULL);
      const refusal = new TurnpikeError('ForgeRefused', 'A reviewer has left.', { retry });
      return { calls, forge: { ...forge, update: () => Promise.reject(refusal) } };
    };
    const refused = refusing('never');
    expect(await runTask(refused.forge, TASKS.close, REF, OPTIONS)).toEqual(DONE);
    expect(refused.calls).toEqual([['close', PULL, 'Too old.']]);
    const away = refusing('backoff');
    expect(await failureOf(runTask(away.forge, TASKS.close, REF, OPTIONS))).toMatchObject({
      retry: 'backoff',
    });
    expect(away.calls).toEqual([]);
  });

  test('takes back that the forge merges it by itself', async () => {
    const { forge, calls } = fakeForge(PULL);
    expect(await runTask(forge, TASKS['cancel-merge'], REF, OPTIONS)).toEqual(DONE);
    expect(calls).toEqual([['cancel-merge', PULL]]);
  });

  test('takes that back at once when it finds another head to merge', async () => {
    const reason = 'The head of the pull request is abad1dea and not c0ffee, which was pushed for it.';
    const { forge, calls } = fakeForge(PULL, { kind: 'not-yet', reason, isOtherHead: true });
    expect(await runTask(forge, TASKS.merge, REF, OPTIONS)).toEqual({
      kind: 'waits',
      reason,
      outdated: false,
    });
    expect(calls.slice(1)).toEqual([['cancel-merge', PULL]]);
    const waiting = fakeForge(PULL, { kind: 'not-yet', reason: 'Checks run.' });
    await runTask(waiting.forge, TASKS.merge, REF, OPTIONS);
    expect(waiting.calls).toHaveLength(1);
  });

  test('sets the status of the commit that is recorded for it', async () => {
    const { forge, calls } = fakeForge({ ...PULL, headCommit: 'abad1dea' });
    await runTask(forge, TASKS.check, REF, OPTIONS);
    const status = { state: 'pending', description: 'Waits.', url: REF.url, pullRequest: 7 };
    expect(calls).toEqual([['status', 'c0ffee', status]]);
  });

  test('sets no status where no commit is recorded', async () => {
    const { commit: _, ...unknown } = REF;
    const { forge, calls } = fakeForge(PULL);
    expect(await runTask(forge, TASKS.check, unknown, OPTIONS)).toEqual(DONE);
    expect(calls).toEqual([]);
  });

  test('merges the recorded commit into the recorded base, and says when it was pushed', async () => {
    const { forge, calls } = fakeForge(PULL);
    const pushedAt = '2026-11-21T11:59:00Z';
    const options = { ...OPTIONS, base: 'release' };
    expect(await runTask(forge, TASKS.merge, { ...REF, pushedAt }, options)).toEqual(DONE);
    const wanted = { base: 'release', mayWait: true, now: NOW, pushedAt };
    expect(calls).toEqual([['merge', 7, 'c0ffee', wanted]]);
  });
});

const NOT_OURS: readonly (readonly [string, PullRequest | undefined])[] = [
  ['is another repository’s', { ...PULL, url: 'https://f/other/7' }],
  ['comes from another branch', { ...PULL, head: 'promotion-team-shop-staging' }],
  ['is another pipeline’s by its note', { ...PULL, body: OURS.replaceAll('team/app', 'team/shop') }],
  [
    'is another pipeline’s by the predecessor’s note',
    { ...PULL, body: '!!! DO NOT EDIT !!!\n\nteam-app/x/staging\n' },
  ],
  ['is not there', undefined],
];

describe('a pull request that was to be closed and is needed again', () => {
  test('no longer says that we close it: who closes it then is a person', async () => {
    const { forge, calls } = fakeForge({ ...PULL, body: `${OURS}\n${closingNote('Too old.')}\n` });
    await runTask(forge, TASKS.check, REF, OPTIONS);
    expect(calls[0]).toEqual(['update', 7, { title: PULL.title, body: OURS }]);
    expect(calls).toHaveLength(2);
  });

  test('says nothing of it, however often it was to be closed', async () => {
    const notes = `${closingNote('Too old.')}\n${closingNote('Another reason.')}`;
    const { forge, calls } = fakeForge({ ...PULL, body: `${OURS}\n${notes}` });
    await runTask(forge, TASKS.check, REF, OPTIONS);
    expect(calls[0]).toEqual(['update', 7, { title: PULL.title, body: OURS }]);
  });

  test('goes on to say it while it is to be closed', async () => {
    const { forge, calls } = fakeForge({ ...PULL, body: `${OURS}\n${closingNote('Too old.')}` });
    await runTask(forge, TASKS['cancel-merge'], { ...REF, closing: 'Too old.' }, OPTIONS);
    expect(calls).toHaveLength(1);
  });
});

describe.each(Object.values(TASKS))('the task $kind', (task) => {
  test.each([
    ['merged', 'main'],
    // The spec names another base branch by now, and that has it.
    ['merged', 'next'],
    ['merged-elsewhere', 'release'],
  ] as const)('says that the pull request is %s already', async (found, base) => {
    const { forge, calls } = fakeForge({ ...PULL, state: 'merged', base });
    expect(await runTask(forge, task, REF, OPTIONS)).toEqual({ kind: 'done', found, base });
    expect(calls).toEqual([]);
  });

  test.each(NOT_OURS)('does nothing to a pull request that %s', async (_, pull) => {
    const { forge, calls } = fakeForge(pull);
    expect(await runTask(forge, task, REF, OPTIONS)).toEqual(DONE);
    expect(calls).toEqual([]);
  });

  test('does nothing to a pull request that is closed, and says so: a person may have said no', async () => {
    const { forge, calls } = fakeForge({ ...PULL, state: 'closed' });
    expect(await runTask(forge, task, REF, OPTIONS)).toEqual({ kind: 'done', found: 'closed' });
    expect(calls).toEqual([]);
  });

  test('is run where a person has rewritten the text and its note', async () => {
    const { forge, calls } = fakeForge({ ...PULL, body: 'Better words.' });
    expect(await runTask(forge, task, REF, OPTIONS)).toEqual(DONE);
    expect(calls).toHaveLength(task.kind === 'close' ? 2 : 1);
  });

  test('leaves the forge untouched in a replica that no longer leads', async () => {
    const { forge, calls } = fakeForge(PULL);
    const lost = () => Promise.reject(new TurnpikeError('NotLeading', 'Another replica leads.'));
    expect(await failureOf(runTask(fencedForge(forge as Forge, lost), task, REF, OPTIONS))).toMatchObject({
      code: 'NotLeading',
    });
    expect(calls).toEqual([]);
  });

  test('is fenced before each thing that it does', async () => {
    const { forge, calls } = fakeForge(PULL);
    const ask = async () => void calls.push('asked');
    await runTask(fencedForge(forge as Forge, ask), task, REF, OPTIONS);
    const acts = TASKS.close === task ? ['update', 'close'] : [expect.anything()];
    const names = calls.map((one) => (Array.isArray(one) ? one[0] : one));
    expect(names).toEqual(acts.flatMap((act) => ['asked', act]));
  });
});

const MERGES: readonly [string, PullRequest, MergeOutcome, TaskResult, number][] = [
  ['is done when it is merged', PULL, { kind: 'merged' }, DONE, 1],
  ['says that the forge merges it later', PULL, { kind: 'scheduled' }, { kind: 'scheduled' }, 1],
  [
    'waits for what the forge wants',
    PULL,
    { kind: 'not-yet', reason: 'A check fails.' },
    { kind: 'waits', reason: 'A check fails.', outdated: false },
    1,
  ],
  [
    'says so when the forge wants it to be built on the base first',
    PULL,
    { kind: 'not-yet', reason: 'It is behind.', mergeable: 'behind' },
    { kind: 'waits', reason: 'It is behind.', outdated: true },
    1,
  ],
  [
    'leaves a draft alone',
    { ...PULL, draft: true },
    { kind: 'merged' },
    { kind: 'waits', reason: 'It is a draft.' },
    0,
  ],
  ...(['conflicting', 'behind'] as const).map((mergeable): (typeof MERGES)[number] => [
    `asks for no merge of one that is ${mergeable}`,
    { ...PULL, mergeable },
    { kind: 'merged' },
    { kind: 'waits', reason: 'It has to be rebuilt on main first.', outdated: true },
    0,
  ]),
];

describe('merging a pull request', () => {
  test.each(MERGES)('%s', async (_, pull, outcome, wanted, merges) => {
    const { forge, calls } = fakeForge(pull, outcome);
    expect(await runTask(forge, TASKS.merge, REF, OPTIONS)).toEqual(wanted);
    expect(calls).toHaveLength(merges);
  });

  test('is left to people where the commit is not known', async () => {
    const { forge, calls } = fakeForge(PULL);
    const { commit: _, ...unknown } = REF;
    expect(await runTask(forge, TASKS.merge, unknown, OPTIONS)).toEqual({
      kind: 'waits',
      reason: 'It is not known which commit was pushed for it: it is left to people.',
    });
    expect(calls).toEqual([]);
  });
});
