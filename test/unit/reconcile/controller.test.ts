import { afterEach, describe, expect, test } from 'bun:test';
import { type PipelineKey, pipelineKey, type StoredPipeline } from '../../../src/api/pipeline.ts';
import { createQueue } from '../../../src/lib/async/work-queue.ts';
import { createWorkers } from '../../../src/lib/async/workers.ts';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import { type Controller, startController } from '../../../src/reconcile/controller.ts';
import { queueObserver, watchQueue } from '../../../src/reconcile/metrics/queue-metrics.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { sampleOf, seriesOf } from '../../fakes/metrics.ts';
import { pipeline } from '../../fakes/pipeline.ts';
import { createFakeSchedule, settled } from '../../fakes/schedule.ts';

const KEY = pipelineKey('apps', 'app');
const RESYNC = 600;

const running: Controller[] = [];
afterEach(async () => {
  for (const controller of running.splice(0)) await controller.stop();
});

/** A controller whose reconciliations end when and as the test says, and whose clock is moved by hand. */
function setUp({ concurrent = 1 } = {}) {
  const stored = new Map<PipelineKey, StoredPipeline>();
  const listeners = new Set<(key: PipelineKey) => void>();
  const begun: { key: PipelineKey; end: PromiseWithResolvers<number> }[] = [];
  const own = new Set<PipelineKey>();
  const deleted: PipelineKey[] = [];
  const metrics = createMetrics();
  const { log, lines } = createFakeLog();
  const { schedule, now, pass } = createFakeSchedule();
  const queue = createQueue<PipelineKey>({ schedule, now, observer: queueObserver(metrics) });
  watchQueue(metrics, queue);
  const controller = startController({
    pipelines: {
      get: (key) => stored.get(key),
      list: () => [...stored.values()],
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    queue,
    workers: createWorkers({ queue, count: concurrent }),
    isOwnWrite: (key) => own.has(key),
    reconcile(key) {
      const end = Promise.withResolvers<number>();
      begun.push({ key, end });
      return end.promise;
    },
    leading: () => true,
    onDeleted: (key) => deleted.push(key),
    concurrent,
    resyncSeconds: RESYNC,
    metrics,
    log,
  });
  running.push(controller);
  const tell = (key: PipelineKey) => {
    for (const listener of listeners) listener(key);
  };
  return {
    queue,
    metrics,
    lines,
    begun,
    own,
    deleted,
    put(key = KEY) {
      const { metadata, spec, status } = pipeline();
      const [namespace = '', name = ''] = key.split('/');
      stored.set(key, {
        metadata: { ...metadata, namespace, name },
        spec: { ok: true, value: spec },
        status,
      });
      tell(key);
    },
    remove(key = KEY) {
      stored.delete(key);
      tell(key);
    },
    tell,
    pass,
    /** The reconciliation of that number, counted from 1, which is due within a second. */
    async nth(number: number) {
      await settled();
      if (begun.length < number) await pass(1);
      const found = begun[number - 1];
      if (!found) throw new Error('it has not begun');
      return found.end;
    },
  };
}

describe('a Pipeline that is deleted while it is worked on', () => {
  test('is not looked at again', async () => {
    const { put, remove, nth, begun, deleted, pass } = setUp();
    put();
    const work = await nth(1);
    remove();
    work.resolve(0.01);
    await pass(60);
    expect([begun.length, deleted]).toEqual([1, [KEY]]);
  });

  test('is not tried again when the work on it fails', async () => {
    const { put, remove, nth, begun, lines, metrics, pass } = setUp();
    put();
    const work = await nth(1);
    remove();
    work.reject(new TurnpikeError('ApiNotFound', 'There is no such Pipeline.'));
    await pass(RESYNC - 1);
    expect(begun.length).toBe(1);
    expect(lines.join('')).toContain(
      'pipeline deleted, or moved to another shard, during its reconciliation',
    );
    expect(lines.join('')).not.toContain('retrying');
    expect(await sampleOf(metrics, 'workqueue_retries_total{name="pipeline",controller="pipeline"}')).toBe(0);
  });

  test('is not looked at again when somebody asks for it after that', async () => {
    const { put, remove, nth, begun, queue, pass } = setUp();
    put();
    const work = await nth(1);
    remove();
    work.resolve(0.01);
    await pass(60);
    // A cluster or a Secret that it named has changed.
    queue.add(KEY);
    (await nth(2)).resolve(0.01);
    await pass(60);
    expect(begun.length).toBe(2);
  });

  test('and made again is looked at once the work has ended', async () => {
    const { put, remove, nth, begun, pass } = setUp();
    put();
    const work = await nth(1);
    remove();
    put();
    work.resolve(RESYNC);
    (await nth(2)).resolve(0.01);
    (await nth(3)).resolve(RESYNC);
    await pass(60);
    expect(begun.map(({ key }) => key)).toEqual([KEY, KEY, KEY]);
  });

  test('has no series afterwards', async () => {
    const { put, remove, nth, metrics, pass } = setUp();
    put();
    const work = await nth(1);
    remove();
    work.resolve(RESYNC);
    await pass(60);
    expect(await seriesOf(metrics, 'gotk_reconcile_duration_seconds_count')).toEqual([]);
  });
});

describe('the lines of a reconciliation', () => {
  test('have the fields of controller-runtime in their lines, and an ID each', async () => {
    const { put, nth, lines, pass } = setUp();
    put();
    (await nth(1)).reject(new Error('broken'));
    (await nth(2)).reject(new Error('broken again'));
    await pass(0);
    const [first, second] = lines.map((line) => JSON.parse(line));
    expect(first).toMatchObject({
      controller: 'pipeline',
      controllerGroup: 'pipelines.weave.works',
      controllerKind: 'Pipeline',
      namespace: 'apps',
      name: 'app',
      error: 'broken',
    });
    expect(first.reconcileID).toMatch(/^[0-9a-f-]{36}$/);
    expect(second.reconcileID).not.toBe(first.reconcileID);
  });
});

describe('the metrics of the controller', () => {
  test('count reconciliations by what comes next', async () => {
    const { put, nth, metrics, pass } = setUp();
    const results = async () =>
      (await seriesOf(metrics, 'controller_runtime_reconcile_total')).map((line) =>
        line.replace(/.*result=/, ''),
      );
    expect(await results()).toEqual(['"success"} 0', '"requeue_after"} 0', '"error"} 0']);
    put();
    (await nth(1)).resolve(0.01);
    (await nth(2)).reject(new TurnpikeError('ApiUnavailable', 'The API server is away.'));
    (await nth(3)).resolve(RESYNC);
    await pass(60);
    expect(await results()).toEqual(['"success"} 1', '"requeue_after"} 1', '"error"} 1']);
  });

  test('say how deep the queue is now, and what went through it', async () => {
    const { put, own, tell, remove, nth, metrics, pass } = setUp();
    const of = (name: string) => sampleOf(metrics, `${name}{name="pipeline",controller="pipeline"}`);
    for (const name of ['a', 'b', 'c']) put(pipelineKey('apps', name));
    const first = await nth(1);
    expect([await of('workqueue_depth'), await of('workqueue_adds_total')]).toEqual([2, 3]);
    await pass(20);
    expect(await of('workqueue_longest_running_processor_seconds')).toBe(20);
    expect(await of('workqueue_unfinished_work_seconds')).toBe(20);
    // What the reconciler writes itself, and what is gone, comes into no queue.
    own.add(pipelineKey('apps', 'b'));
    tell(pipelineKey('apps', 'b'));
    remove(pipelineKey('apps', 'c'));
    expect([await of('workqueue_depth'), await of('workqueue_adds_total')]).toEqual([1, 3]);
    first.resolve(RESYNC);
    (await nth(2)).resolve(RESYNC);
    await pass(60);
    expect([await of('workqueue_depth'), await of('workqueue_unfinished_work_seconds')]).toEqual([0, 0]);
    expect(await of('workqueue_queue_duration_seconds_count')).toBe(2);
    expect(await of('workqueue_work_duration_seconds_count')).toBe(2);
  });

  test('time the reconciliations of each Pipeline as Flux does', async () => {
    const { put, nth, metrics, pass } = setUp();
    put();
    (await nth(1)).resolve(RESYNC);
    await pass(60);
    const labels = 'kind="Pipeline",name="app",namespace="apps"';
    expect(await seriesOf(metrics, 'gotk_reconcile_duration_seconds_count')).toEqual([
      `gotk_reconcile_duration_seconds_count{${labels}} 1`,
    ]);
    const first = (await seriesOf(metrics, 'gotk_reconcile_duration_seconds_bucket'))[0];
    expect(first).toStartWith(`gotk_reconcile_duration_seconds_bucket{${labels},le="0.01"} `);
  });
});
