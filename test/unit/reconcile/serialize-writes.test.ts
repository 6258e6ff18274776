import { describe, expect, test } from 'bun:test';
import {
  type PipelineKey,
  type PipelineStatus,
  pipelineKey,
  type StoredPipeline,
} from '../../../src/api/pipeline.ts';
import { createRecordStatus } from '../../../src/reconcile/record.ts';
import { serializeWrites } from '../../../src/reconcile/serialize-writes.ts';
import { pipeline } from '../../fakes/pipeline.ts';
import { settled } from '../../fakes/schedule.ts';
import { createFakeStore } from '../../fakes/store.ts';

const KEY = pipelineKey('apps', 'app');

/** A store whose requests wait until they are let go, one after the other. */
function setUp() {
  const server = createFakeStore();
  server.put(pipeline());
  server.put({ ...pipeline(), metadata: { ...pipeline().metadata, name: 'other' } });
  const sent: (() => void)[] = [];
  const reads: string[] = [];
  const { store } = serializeWrites({
    ...server,
    async read(key) {
      reads.push(key);
      return server.read(key);
    },
    async applyStatus(known, status) {
      await new Promise<void>((letGo) => sent.push(letGo));
      return server.applyStatus(known, status);
    },
  });
  const stored = (name = 'app'): StoredPipeline => {
    const found = store.get(pipelineKey('apps', name));
    if (!found) throw new Error('the pipeline is gone');
    return found;
  };
  return { server, store, sent, reads, stored };
}

const withSummary = (summary: string) => ({ status: { summary } satisfies PipelineStatus });

describe('writes of one Pipeline', () => {
  test('take turns: who comes second gets the result of the first one without a request', async () => {
    const { store, sent, stored } = setUp();
    const known = stored();
    const first = store.applyStatus(known, { summary: 'first' });
    const second = store.applyStatus(known, { summary: 'second' }).catch((error: unknown) => error);
    await settled();
    expect(sent).toHaveLength(1);
    sent[0]?.();
    expect((await first).status.summary).toBe('first');
    expect(await second).toMatchObject({ code: 'ApiConflict' });
    expect(sent).toHaveLength(1);
  });

  test('do not wait for those of another one', async () => {
    const { store, sent, stored } = setUp();
    const both = [
      store.applyStatus(stored(), { summary: 'one' }),
      store.applyStatus(stored('other'), { summary: 'two' }),
    ];
    await settled();
    expect(sent).toHaveLength(2);
    for (const letGo of sent) letGo();
    await Promise.all(both);
  });

  test('go on when the one before has failed', async () => {
    const { server, store, sent, stored } = setUp();
    const known = stored();
    const first = store.applyStatus(known, { summary: 'first' }).catch((error: unknown) => error);
    const second = store.applyStatus(known, { summary: 'second' });
    await settled();
    server.interfere({ summary: 'of another process' });
    sent[0]?.();
    expect(await first).toMatchObject({ code: 'ApiConflict' });
    await settled();
    sent[1]?.();
    // It is the API server that says what the other process did.
    await expect(second).rejects.toMatchObject({ code: 'ApiConflict' });
  });

  test('go one by one, however many have waited for one that failed', async () => {
    const { server, store, sent, stored } = setUp();
    const known = stored();
    const all = ['first', 'second', 'third'].map((summary) =>
      store.applyStatus(known, { summary }).catch((error: unknown) => error),
    );
    await settled();
    server.interfere({ summary: 'of another process' });
    for (const requests of [1, 2, 3]) {
      expect(sent).toHaveLength(requests);
      sent[requests - 1]?.();
      await settled();
    }
    expect(await Promise.all(all)).toEqual(all.map(() => expect.objectContaining({ code: 'ApiConflict' })));
  });

  test('are decided anew on what the one before wrote, without asking for it', async () => {
    const { store, sent, reads, stored } = setUp();
    const known = stored();
    const first = store.applyStatus(known, { summary: 'first' });
    const saw: (string | undefined)[] = [];
    const record = createRecordStatus(store)(known, ({ status }) => {
      saw.push(status.summary);
      return withSummary('second');
    });
    await settled();
    sent[0]?.();
    await first;
    await settled();
    sent[1]?.();
    await record;
    expect(saw).toEqual([known.status.summary, 'first']);
    expect(reads).toEqual([]);
    expect(stored().status.summary).toBe('second');
  });
});

/** A reconciler's store, with what its controller would add to the queue on hearing of changes. */
function setUpReconciler() {
  const store = createFakeStore();
  store.put(pipeline());
  const queued: PipelineKey[] = [];
  const own = serializeWrites(store).skipOwnUpdates((key) => queued.push(key));
  store.subscribe((key) => {
    if (!own.isOwn(key)) queued.push(key);
  });
  const stored = (): StoredPipeline => {
    const found = store.get(KEY);
    if (!found) throw new Error('the pipeline is gone');
    return found;
  };
  return { store, own, queued, stored };
}

describe('the writes of the reconciler', () => {
  test('do not wake it', async () => {
    const { own, queued, stored } = setUpReconciler();
    await own.store.applyStatus(stored(), { summary: 'own' });
    expect(queued).toEqual([]);
    expect(own.isOwn(KEY)).toBe(false);
  });

  test("leave others' to wake it", async () => {
    const { store, queued, stored } = setUpReconciler();
    await store.applyStatus(stored(), { summary: "another's" });
    expect(queued).toEqual([KEY]);
  });

  test('do not hide one that comes while they are under way and goes first', async () => {
    const { store, own, queued, stored } = setUpReconciler();
    store.interfere({ summary: "another's" });
    const writing = own.store.applyStatus(stored(), { summary: 'own' });
    await expect(writing).rejects.toMatchObject({ code: 'ApiConflict' });
    expect(queued).toEqual([KEY]);
    expect(own.isOwn(KEY)).toBe(false);
  });

  test('do not hide one that is heard of before they have returned', async () => {
    const { store, queued, stored } = setUpReconciler();
    const slow = serializeWrites({
      ...store,
      async applyStatus(known, status) {
        const written = await store.applyStatus(known, status);
        await store.applyStatus(written, { summary: "another's" });
        return written;
      },
    }).skipOwnUpdates((key) => queued.push(key));
    queued.splice(0);
    await slow.store.applyStatus(stored(), { summary: 'own' });
    expect(queued.at(-1)).toBe(KEY);
  });
});
