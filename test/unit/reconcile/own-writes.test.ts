import { describe, expect, test } from 'bun:test';
import { type PipelineKey, pipelineKey, type StoredPipeline } from '../../../src/api/pipeline.ts';
import { createOwnWrites } from '../../../src/reconcile/own-writes.ts';
import { pipeline } from '../../fakes/pipeline.ts';
import { createFakeStore } from '../../fakes/store.ts';

const KEY = pipelineKey('apps', 'app');

/** A reconciler's store, with what its controller would add to the queue on hearing of changes. */
function setUp() {
  const store = createFakeStore();
  store.put(pipeline());
  const queued: PipelineKey[] = [];
  const own = createOwnWrites(store, (key) => queued.push(key));
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
    const { own, queued, stored } = setUp();
    await own.store.applyStatus(stored(), { summary: 'own' });
    expect(queued).toEqual([]);
    expect(own.isOwn(KEY)).toBe(false);
  });

  test("leave others' to wake it", async () => {
    const { store, queued, stored } = setUp();
    await store.applyStatus(stored(), { summary: "another's" });
    expect(queued).toEqual([KEY]);
  });

  test('do not hide one that comes while they are under way and goes first', async () => {
    const { store, own, queued, stored } = setUp();
    store.interfere({ summary: "another's" });
    const writing = own.store.applyStatus(stored(), { summary: 'own' });
    expect(writing).rejects.toMatchObject({ code: 'ApiConflict' });
    await writing.catch(() => {});
    expect(queued).toEqual([KEY]);
    expect(own.isOwn(KEY)).toBe(false);
  });

  test('do not hide one that is heard of before they have returned', async () => {
    const { store, queued, stored } = setUp();
    const slow = createOwnWrites(
      {
        ...store,
        async applyStatus(known, status) {
          const written = await store.applyStatus(known, status);
          await store.applyStatus(written, { summary: "another's" });
          return written;
        },
      },
      (key) => queued.push(key),
    );
    queued.splice(0);
    await slow.store.applyStatus(stored(), { summary: 'own' });
    expect(queued.at(-1)).toBe(KEY);
  });
});
