import { type PipelineKey, pipelineKey } from '../api/pipeline.ts';
import type { RecordStatus, StatusStore } from '../decide/model/status-store.ts';
import type { Forge } from '../lib/forges/index.ts';
import type { BranchUpdate, BranchUpdater, PreparedBranch } from '../promote/branch/port.ts';
import type { NotificationDeps } from '../promote/notification/notification.ts';
import { aroundWrites, type ForgeWrite } from '../promote/pull-request/around-writes.ts';
import type { PreparedPromotion, PromotionRequest } from '../promote/strategy.ts';
import { askedBefore, pipelineOf } from './fenced.ts';
import type { Promoter } from './promoter.ts';

/** The places between two steps of a promotion, in the order of the steps. */
export const FAILPOINTS = [
  'before-state',
  'after-state',
  'before-intent',
  'after-intent',
  'secret-read',
  'fetched',
  'before-push',
  'after-push',
  'before-create',
  'after-create',
  'before-update',
  'after-update',
  'before-event',
  'after-event',
  'before-task',
  'after-task',
  'before-result',
  'after-result',
] as const;
export type FailpointName = (typeof FAILPOINTS)[number];

/**
 * Reached between two steps, in tests alone: the next step begins when it has ended, and none does when it throws. What is
 * about to be changed is fenced behind it.
 */
export type Failpoint = (name: FailpointName, pipeline: PipelineKey) => Promise<void>;

type Act = 'state' | 'intent' | 'push' | 'create' | 'update' | 'event' | 'task' | 'result';

/** Decorators that reach a failpoint at each step of the parts that do it. */
export interface FailpointDecorators {
  store(store: StatusStore): StatusStore;
  record(record: RecordStatus): RecordStatus;
  branches<W extends Pick<BranchUpdater, 'prepare' | 'updateBranch'>>(branches: W): W;
  forge(forge: Forge, pipeline: PipelineKey): Forge;
  emit(emit: NotificationDeps['emit']): NotificationDeps['emit'];
  strategy<S extends Strategy>(strategy: S): S;
  promoter(promoter: Promoter): Promoter;
}

interface Strategy {
  prepare(request: PromotionRequest, ...rest: never[]): Promise<PreparedPromotion>;
}

const NONE: FailpointDecorators = {
  store: (store) => store,
  record: (record) => record,
  branches: (branches) => branches,
  forge: (forge) => forge,
  emit: (emit) => emit,
  strategy: (strategy) => strategy,
  promoter: (promoter) => promoter,
};

const FORGE_ACTS: Readonly<Record<ForgeWrite, Act>> = {
  create: 'create',
  update: 'update',
  setMetadata: 'update',
  comment: 'update',
  close: 'task',
  setStatus: 'task',
  merge: 'task',
  cancelMerge: 'task',
};

export function failpointDecorators(reach: Failpoint | undefined): FailpointDecorators {
  if (!reach) return NONE;

  async function around<T>(act: Act, pipeline: PipelineKey, work: () => Promise<T>): Promise<T> {
    await reach?.(`before-${act}`, pipeline);
    const result = await work();
    await reach?.(`after-${act}`, pipeline);
    return result;
  }

  return {
    store: (store) => ({
      ...store,
      applyStatus: (pipeline, status) =>
        around('intent', keyOf(pipeline), () => store.applyStatus(pipeline, status)),
    }),
    record: (record) => (known, decide) => around('result', keyOf(known), () => record(known, decide)),
    branches: (branches) => ({ ...branches, ...pushing(branches, reach) }),
    forge: (forge, pipeline) => aroundWrites(forge, (write, act) => around(FORGE_ACTS[write], pipeline, act)),
    emit: (emit) => (event) => around('event', keyOf({ metadata: event.regarding }), () => emit(event)),
    strategy: (strategy) => ({
      ...strategy,
      async prepare(request: PromotionRequest, ...rest: never[]) {
        await reach('secret-read', keyOf({ metadata: request.pipeline }));
        return strategy.prepare(request, ...rest);
      },
    }),
    promoter: (promoter) => ({
      ...promoter,
      pullRequestState: (job) => around('state', keyOf(job.pipeline), () => promoter.pullRequestState(job)),
    }),
  };
}

/** The push itself goes with others: it is held where its fence is asked, right before it. */
function pushing(branches: Pick<BranchUpdater, 'prepare' | 'updateBranch'>, reach: Failpoint) {
  async function prepare(update: BranchUpdate): Promise<PreparedBranch> {
    const pipeline = pipelineOf(update);
    const prepared = await branches.prepare(askedBefore(update, () => reach('before-push', pipeline)));
    await reach('fetched', pipeline);
    return {
      ...prepared,
      async push() {
        const result = await prepared.push();
        if (result.kind === 'pushed') await reach('after-push', pipeline);
        return result;
      },
    };
  }
  return { prepare, updateBranch: async (update: BranchUpdate) => (await prepare(update)).push() };
}

interface Named {
  readonly metadata: { readonly namespace: string; readonly name: string };
}

function keyOf({ metadata }: Named): PipelineKey {
  return pipelineKey(metadata.namespace, metadata.name);
}
