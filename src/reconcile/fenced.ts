import { type PipelineKey, pipelineKey } from '../api/pipeline.ts';
import type { StatusStore } from '../decide/model/status-store.ts';
import type { Forge } from '../lib/forges/index.ts';
import type { BranchUpdate, BranchUpdater } from '../promote/branch/port.ts';
import type { Fence } from '../promote/fence.ts';
import type { FluxEvents } from '../promote/notification/flux-events.ts';
import type { NotificationDeps } from '../promote/notification/notification.ts';
import { aroundWrites } from '../promote/pull-request/around-writes.ts';

/** Decorators that ask the fence right before each change. */

export function fencedStore(store: StatusStore, fence: Fence): StatusStore {
  return {
    ...store,
    async applyStatus(pipeline, status) {
      await fence(pipelineKey(pipeline.metadata.namespace, pipeline.metadata.name));
      return store.applyStatus(pipeline, status);
    },
  };
}

export function fencedBranches<W extends Pick<BranchUpdater, 'prepare' | 'updateBranch'>>(
  branches: W,
  fence: Fence,
): W {
  const fenced = (update: BranchUpdate) => askedBefore(update, () => fence(pipelineOf(update)));
  return {
    ...branches,
    prepare: (update) => branches.prepare(fenced(update)),
    updateBranch: (update) => branches.updateBranch(fenced(update)),
  };
}

export function fencedForge(forge: Forge, ask: () => Promise<void>): Forge {
  return aroundWrites(forge, async (_, act) => {
    await ask();
    return act();
  });
}

type Emit = NotificationDeps['emit'];

export function fencedEmit(emit: Emit, fence: Fence): Emit {
  return async (event) => {
    await fence(pipelineKey(event.regarding.namespace, event.regarding.name));
    return emit(event);
  };
}

export function fencedFluxEvents(events: FluxEvents, fence: Fence): FluxEvents {
  return {
    ...events,
    async post(event, signal) {
      await fence(pipelineKey(event.regarding.namespace, event.regarding.name));
      return events.post(event, signal);
    },
  };
}

/** The update, with one more question before its push, behind those that it has. */
export function askedBefore(update: BranchUpdate, ask: () => Promise<void>): BranchUpdate {
  return {
    ...update,
    async fence() {
      await update.fence?.();
      await ask();
    },
  };
}

export function pipelineOf({ markerKey }: Pick<BranchUpdate, 'markerKey'>): PipelineKey {
  const [namespace = '', name = ''] = markerKey.split(':');
  return pipelineKey(namespace, name);
}
