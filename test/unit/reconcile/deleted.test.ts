import { describe, expect, test } from 'bun:test';
import type { PullRequestRef, StoredPipeline } from '../../../src/api/pipeline.ts';
import type { TaskResult } from '../../../src/decide/promotion/task.ts';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import { createCloseDeleted, type DeletedDeps } from '../../../src/reconcile/deleted.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { asStored } from '../../fakes/metrics.ts';
import { pipeline, withState } from '../../fakes/pipeline.ts';
import { settled } from '../../fakes/schedule.ts';

const LEFT_OPEN = 'a pull request of a deleted pipeline is left open; close it by hand';
const REASON = 'Pipeline apps/app was deleted.';
const AWAY: TaskResult = { kind: 'error', message: 'The forge is away.', retry: 'backoff' };
const REFUSED: TaskResult = { kind: 'error', message: 'The token is not taken.', retry: 'never' };

function pull(number: number): PullRequestRef {
  const url = 'https://git.example.com/acme/fleet';
  return { url: `${url}/pulls/${number}`, number, repository: { url, secret: 'forge' } };
}

/** #1 into staging and #2 into prod are open, and #3 was left behind. */
function deleted(): StoredPipeline {
  const open = (number: number) => ({
    promotion: { revision: '1.1.0', phase: 'PullRequestOpen', pullRequest: pull(number) } as const,
  });
  const known = withState(withState(pipeline(), 'staging', open(1)), 'prod', open(2));
  const abandoned = [{ environment: 'old', pullRequest: { ...pull(3), closing: 'It is gone.' } }];
  return asStored({ ...known, status: { ...known.status, abandoned } });
}

interface World extends Partial<DeletedDeps> {
  /** What comes of each attempt, by the number of the pull request; done without. */
  readonly results?: Readonly<Record<number, TaskResult[]>>;
}

function setUp({ results = {}, ...change }: World = {}) {
  const { log, lines } = createFakeLog();
  const closed: unknown[] = [];
  const tried: number[] = [];
  const closeDeleted = createCloseDeleted({
    store: { read: async () => undefined },
    promoter: {
      async runTask({ environment, pullRequest: { number } }, task) {
        tried.push(number);
        const result = results[number]?.shift() ?? { kind: 'done' };
        if (result.kind === 'done') closed.push([environment, number, task]);
        return result;
      },
    },
    leading: () => true,
    log,
    signal: new AbortController().signal,
    delaysMs: [1, 1],
    ...change,
  });
  const said = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return {
    closeDeleted,
    closed,
    tried,
    leftOpen: () => said().flatMap(({ msg, url, error }) => (msg === LEFT_OPEN ? [{ url, error }] : [])),
  };
}

const task = { kind: 'close', reason: REASON };

describe('a Pipeline that was deleted', () => {
  test('has what is open closed with the reason, also what it had left behind', async () => {
    const { closeDeleted, closed, leftOpen } = setUp();
    await closeDeleted(deleted());
    expect(closed).toEqual([
      ['staging', 1, task],
      ['prod', 2, task],
      ['old', 3, task],
    ]);
    expect(leftOpen()).toEqual([]);
  });

  test('has what is open closed where its last spec lacks the environment, or cannot be read', async () => {
    const last = deleted();
    const spec = { ...pipeline().spec, environments: [] };
    for (const one of [{ ok: true, value: spec } as const, { ok: false, problems: ['no'] } as const]) {
      const { closeDeleted, tried } = setUp();
      await closeDeleted({ ...last, spec: one });
      expect(tried).toEqual([1, 2, 3]);
    }
  });

  test('costs nothing when nothing is open', async () => {
    const read = () => Promise.reject(new Error('it is not asked for'));
    const { closeDeleted, tried, leftOpen } = setUp({ store: { read } });
    await closeDeleted(asStored(pipeline()));
    expect([tried, leftOpen()]).toEqual([[], []]);
  });

  test('keeps what is open when it is still there, or was made anew', async () => {
    const still = deleted();
    const anew = { ...still, metadata: { ...still.metadata, uid: 'uid-2' } };
    for (const there of [still, anew]) {
      const { closeDeleted, tried, leftOpen } = setUp({ store: { read: async () => there } });
      await closeDeleted(still);
      expect([tried, leftOpen()]).toEqual([[], []]);
    }
  });

  test('is left to the replica that leads', async () => {
    const { closeDeleted, tried } = setUp({ leading: () => false });
    await closeDeleted(deleted());
    expect(tried).toEqual([]);
  });
});

describe('what cannot be closed', () => {
  test('is tried again while the forge is away, and no more than that', async () => {
    const { closeDeleted, tried, leftOpen } = setUp({ results: { 2: [AWAY, AWAY] } });
    await closeDeleted(deleted());
    expect(tried).toEqual([1, 2, 3, 2, 2]);
    expect(leftOpen()).toEqual([]);
  });

  test('is named in the log when the forge stays away', async () => {
    const { closeDeleted, tried, leftOpen } = setUp({ results: { 2: [AWAY, AWAY, AWAY] } });
    await closeDeleted(deleted());
    expect(tried).toEqual([1, 2, 3, 2, 2]);
    expect(leftOpen()).toEqual([{ url: pull(2).url, error: 'It was tried several times.' }]);
  });

  test('is named in the log at once when a person has to mend something', async () => {
    const { closeDeleted, tried, leftOpen } = setUp({ results: { 1: [REFUSED] } });
    await closeDeleted(deleted());
    expect(tried).toEqual([1, 2, 3]);
    expect(leftOpen()).toEqual([{ url: pull(1).url, error: 'The token is not taken.' }]);
  });

  test('is kept when the Pipeline is made anew before the next attempt', async () => {
    const answers = [undefined, deleted()];
    const { closeDeleted, tried, leftOpen } = setUp({
      store: { read: async () => answers.shift() },
      results: { 2: [AWAY] },
    });
    await closeDeleted(deleted());
    expect(tried).toEqual([1, 2, 3]);
    expect(leftOpen()).toEqual([]);
  });

  test('waits until the API server says that the Pipeline is gone', async () => {
    let asked = 0;
    const read = async () => {
      asked += 1;
      if (asked === 1) throw new TurnpikeError('ApiUnavailable', 'It is away.');
      return undefined;
    };
    const { closeDeleted, closed } = setUp({ store: { read } });
    await closeDeleted(deleted());
    expect(closed).toHaveLength(3);
  });

  test('is named in the log, and tried no more, when this replica no longer leads', async () => {
    const runTask = () => Promise.reject(new TurnpikeError('NotLeading', 'Another replica leads.'));
    const { closeDeleted, leftOpen } = setUp({ promoter: { runTask } });
    await closeDeleted(deleted());
    expect(leftOpen()).toEqual(
      [1, 2, 3].map((number) => ({ url: pull(number).url, error: 'Another replica leads.' })),
    );
  });

  test('is named in the log when the process ends while it waits', async () => {
    const stopping = new AbortController();
    const { closeDeleted, tried, leftOpen } = setUp({
      signal: stopping.signal,
      delaysMs: [600_000],
      results: { 3: [AWAY] },
    });
    const closing = closeDeleted(deleted());
    while (tried.length < 3) await settled();
    stopping.abort();
    await closing;
    expect(tried).toEqual([1, 2, 3]);
    expect(leftOpen()).toMatchObject([{ url: pull(3).url }]);
  });
});
