import { describe, expect, test } from 'bun:test';
import { pipelineKey } from '../../../src/api/pipeline.ts';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import type { BranchUpdate, PreparedBranch } from '../../../src/promote/branch/port.ts';
import { failpointDecorators } from '../../../src/reconcile/failpoints.ts';
import { fencedBranches, fencedStore } from '../../../src/reconcile/fenced.ts';
import { asStored } from '../../../src/reconcile/intent.ts';
import { fakeBranches } from '../../fakes/branches.ts';
import { failureOf } from '../../fakes/failure.ts';
import { pipeline } from '../../fakes/pipeline.ts';
import { settled } from '../../fakes/schedule.ts';
import { createFakeStore } from '../../fakes/store.ts';

const KEY = pipelineKey('apps', 'app');
const LOST = new TurnpikeError('NotLeading', 'Another replica leads.');
const UPDATE = { markerKey: 'apps:app:prod' } as BranchUpdate;

/** A branch updater that asks the fence before it pushes. */
function branchesWith(acts: string[]) {
  const { prepare: _, ...branches } = fakeBranches(() => {
    throw new Error('it is not pushed at once');
  });
  const prepare = async (update: BranchUpdate): Promise<PreparedBranch> => ({
    async push() {
      await update.fence?.();
      acts.push('push');
      return { kind: 'pushed', commit: 'c0ffee', changes: [], problems: [] };
    },
    discard() {},
  });
  return { ...branches, prepare };
}

describe('a failpoint', () => {
  test('is reached before and after what is pushed, and again before what is pushed at once', async () => {
    const acts: string[] = [];
    const at = failpointDecorators(async (name, key) => void acts.push(`${key} ${name}`));
    const branches = at.branches(fencedBranches(branchesWith(acts), async () => void acts.push('fence')));
    const prepared = await branches.prepare(UPDATE);
    expect(acts.splice(0)).toEqual([`${KEY} fetched`]);
    await prepared.push();
    expect(acts.splice(0)).toEqual([`${KEY} before-push`, 'fence', 'push', `${KEY} after-push`]);
    await branches.updateBranch(UPDATE);
    expect(acts[0]).toBe(`${KEY} fetched`);
  });

  test('that holds a change lets it be fenced behind it', async () => {
    let isLeading = true;
    const at = failpointDecorators(async () => {
      await settled();
      isLeading = false;
    });
    const inner = createFakeStore();
    inner.put(pipeline());
    const store = at.store(
      fencedStore(inner, async () => {
        if (!isLeading) throw LOST;
      }),
    );
    expect(await failureOf(store.applyStatus(asStored(pipeline()), {}))).toBe(LOST);
    expect(inner.writes()).toBe(0);
  });

  test('that throws lets no further step be taken', async () => {
    const acts: string[] = [];
    const at = failpointDecorators(async () => Promise.reject(LOST));
    const state = async () => {
      acts.push('asked');
      return 'open' as const;
    };
    const promoter = at.promoter({ pullRequestState: state } as never);
    expect(await failureOf(promoter.pullRequestState({ pipeline: pipeline() } as never))).toBe(LOST);
    expect(acts).toEqual([]);
  });

  test('is nowhere where none is asked for', () => {
    const store = createFakeStore();
    expect(failpointDecorators(undefined).store(store)).toBe(store);
  });
});
