import { describe, expect, test } from 'bun:test';
import type { Forge, MergeOutcome, PullRequest } from '../../src/promote/forges/forge.ts';
import { tend } from '../../src/promote/forges/tend.ts';

const REF = { url: 'https://f/pulls/7', number: 7, commit: 'c0ffee' };
const PULL: PullRequest = {
  ...REF,
  state: 'open',
  title: 'Promote',
  body: '',
  base: 'main',
  head: 'promotion',
  draft: false,
  headCommit: 'c0ffee',
  labels: [],
  assignees: [],
  reviewers: [],
};

const MEANT = { base: 'main', now: new Date('2026-11-21T12:00:00Z') };

/** A forge that writes down what it is asked for. */
function fakeForge(pull: PullRequest | undefined, outcome: MergeOutcome = { kind: 'merged' }) {
  const asked: unknown[] = [];
  const forge: Pick<Forge, 'get' | 'close' | 'setStatus' | 'merge'> = {
    get: async () => pull,
    close: async (...args) => void asked.push(['close', ...args]),
    setStatus: async (...args) => void asked.push(['status', ...args]),
    async merge({ number }, ...args) {
      asked.push(['merge', number, ...args]);
      return outcome;
    },
  };
  return { asked, forge };
}

describe('tending a pull request', () => {
  test('closes it with the reason', async () => {
    const { forge, asked } = fakeForge(PULL);
    expect(await tend(forge, { kind: 'close', reason: 'Too old.' }, REF, MEANT)).toEqual({ kind: 'done' });
    expect(asked).toEqual([['close', PULL, 'Too old.']]);
  });

  test('closes none of another repository, and none that is gone', async () => {
    for (const pull of [{ ...PULL, url: 'https://f/other/7' }, undefined]) {
      const { forge, asked } = fakeForge(pull);
      expect(await tend(forge, { kind: 'close', reason: 'Too old.' }, REF, MEANT)).toEqual({ kind: 'done' });
      expect(asked).toEqual([]);
    }
  });

  test('sets the status of the commit that was pushed for it', async () => {
    const { forge, asked } = fakeForge(PULL);
    await tend(forge, { kind: 'check', state: 'pending', description: 'Waits.' }, REF, MEANT);
    const status = { state: 'pending', description: 'Waits.', url: REF.url, pullRequest: 7 };
    expect(asked).toEqual([['status', 'c0ffee', status]]);
  });

  const MERGES: readonly [string, PullRequest | undefined, MergeOutcome, unknown, number][] = [
    ['is done when it is merged', PULL, { kind: 'merged' }, { kind: 'done' }, 1],
    [
      'is done when somebody merged it before',
      { ...PULL, state: 'merged' },
      { kind: 'merged' },
      { kind: 'done' },
      0,
    ],
    ['is done when it is gone', undefined, { kind: 'merged' }, { kind: 'done' }, 0],
    [
      'waits for the forge that merges it later',
      PULL,
      { kind: 'scheduled' },
      { kind: 'waits', reason: expect.stringContaining('checks') },
      1,
    ],
    [
      'waits for what the forge wants',
      PULL,
      { kind: 'not-yet', reason: 'A check fails.' },
      { kind: 'waits', reason: 'A check fails.' },
      1,
    ],
    [
      'leaves a draft alone',
      { ...PULL, draft: true },
      { kind: 'merged' },
      { kind: 'waits', reason: 'It is a draft.' },
      0,
    ],
    [
      'touches no pull request of another repository',
      { ...PULL, url: 'https://f/other/7' },
      { kind: 'merged' },
      { kind: 'done' },
      0,
    ],
  ];
  test('leaves one to people whose commit is not known', async () => {
    const { forge, asked } = fakeForge(PULL);
    const { commit: _, ...unknown } = REF;
    expect(await tend(forge, { kind: 'merge', mayWait: true }, unknown, MEANT)).toEqual({
      kind: 'waits',
      reason: 'It is not known which commit was pushed for it: it is left to people.',
    });
    expect(asked).toEqual([]);
  });

  for (const [name, pull, outcome, wanted, merges] of MERGES) {
    test(`by merging it ${name}`, async () => {
      const { forge, asked } = fakeForge(pull, outcome);
      expect(await tend(forge, { kind: 'merge', mayWait: true }, REF, MEANT)).toEqual(wanted as never);
      expect(asked).toHaveLength(merges);
    });
  }
});
