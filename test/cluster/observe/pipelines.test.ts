import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';
import { type PipelineKey, pipelineKey, type StoredPipeline } from '../../../src/api/pipeline.ts';
import type { KubeClient } from '../../../src/lib/kube/client/transport.ts';
import { resourcePath } from '../../../src/lib/kube/path.ts';
import { createPipelineStore, type PipelineStore } from '../../../src/observe/pipelines/pipelines.ts';
import { createRecordStatus } from '../../../src/reconcile/record.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { longPipeline } from '../../fakes/long-pipeline.ts';
import { spec } from '../../fakes/pipeline.ts';
import { waitEstablished } from '../../lab/established.ts';
import { type Lab, startLab } from '../../lab/lab.ts';
import { waitUntil } from '../../lab/wait.ts';
import { adminClient, newNamespace } from '../lib/kube/support.ts';

const MINUTES = 10 * 60_000;

setDefaultTimeout(60_000);
const API_VERSION = 'pipelines.weave.works/v1alpha1';

/** A lab of its own: in the shared one other tests may have an admission webhook that judges Pipelines. */
describe('the store of Pipelines', () => {
  let lab: Lab;
  let client: KubeClient;
  let namespace: string;
  let store: PipelineStore;
  const heard: PipelineKey[] = [];
  const { log } = createFakeLog();

  beforeAll(async () => {
    lab = await startLab();
    client = adminClient(lab);
    await lab.kubectl(['apply', '-k', join(import.meta.dir, '../../../manifests/crd')]);
    await waitEstablished(lab, 'crd/pipelines.pipelines.weave.works');
    namespace = await newNamespace(client);
    store = createPipelineStore(client, { namespace, log });
    store.subscribe((key) => heard.push(key));
    store.start();
    await waitUntil('the first list', store.synced, { seconds: 20, everyMs: 10 });
  }, MINUTES);

  afterAll(async () => {
    await store.stop();
    client.close();
    await lab.stop();
  });

  const path = (name?: string) =>
    resourcePath({ apiVersion: API_VERSION, namespace, plural: 'pipelines', ...(name && { name }) });
  const key = (name: string) => pipelineKey(namespace, name);
  const until = (what: string, check: () => boolean) => waitUntil(what, check, { seconds: 20, everyMs: 10 });

  async function create(name: string): Promise<StoredPipeline> {
    const body = { apiVersion: API_VERSION, kind: 'Pipeline', metadata: { name }, spec: spec() };
    await client.request({ method: 'POST', path: path(), body });
    await until('the Pipeline in the cache', () => store.get(key(name)) !== undefined);
    return store.get(key(name)) as StoredPipeline;
  }

  function annotate(name: string): Promise<unknown> {
    const body = { metadata: { annotations: { at: crypto.randomUUID() } } };
    return client.request({
      method: 'PATCH',
      path: path(name),
      contentType: 'application/merge-patch+json',
      body,
    });
  }

  test('knows what is in the cluster, with spec and without managedFields', async () => {
    const pipeline = await create('app');
    expect(pipeline.spec).toEqual({ ok: true, value: spec() });
    expect(JSON.stringify(pipeline)).not.toContain('managedFields');
    expect(heard).toContain(key('app'));
    expect(store.list()).toContainEqual(pipeline);
    expect(await store.read(key('app'))).toEqual(pipeline);
  });

  test('writes a status and has it in the cache at once', async () => {
    const pipeline = await create('written');
    const status = {
      observedGeneration: 1,
      summary: 'dev 1.0.0',
      environments: { dev: { waitingApproval: { revision: '' } } },
    };
    const answer = await store.applyStatus(pipeline, status);
    expect(answer.status).toEqual(status);
    expect(store.get(key('written'))).toEqual(answer);
    expect(answer.metadata.generation).toBe(1);

    const less = await store.applyStatus(answer, { observedGeneration: 1 });
    expect(less.status).toEqual({ observedGeneration: 1 });
  });

  test('stays below 10 KB in etcd with five environments and all executions that there is room for', async () => {
    const { spec: long, status } = longPipeline();
    const manifest = {
      apiVersion: API_VERSION,
      kind: 'Pipeline',
      metadata: { name: 'long', namespace },
      spec: long,
    };
    await lab.apply([manifest]);
    await until('the Pipeline in the cache', () => store.get(key('long')) !== undefined);
    const written = await store.applyStatus(store.get(key('long')) as StoredPipeline, status);
    expect(written.status.executions).toEqual(status.executions);
    const stored = await (await lab.request('GET', path('long'))).text();
    expect(stored).toContain('managedFields');
    expect(stored).toContain('last-applied-configuration');
    expect(Buffer.byteLength(stored)).toBeLessThan(10_000);
  });

  test('does not write over what another has changed in between', async () => {
    const stale = await create('contested');
    await annotate('contested');
    const late = store.applyStatus(stale, { summary: 'late' });
    await expect(late).rejects.toMatchObject({ code: 'ApiConflict' });

    const fresh = (await store.read(key('contested'))) as StoredPipeline;
    expect(store.get(key('contested'))).toEqual(fresh);
    expect((await store.applyStatus(fresh, { summary: 'now' })).status.summary).toBe('now');
  });

  test('lets exactly one of many writers with the same state through', async () => {
    const pipeline = await create('crowded');
    const writes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, writer) => store.applyStatus(pipeline, { summary: `writer ${writer}` })),
    );
    const refused = writes.filter((write) => write.status === 'rejected');
    expect(refused).toHaveLength(9);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'ApiConflict' });
  });

  test('says when a Pipeline is gone', async () => {
    const pipeline = await create('gone');
    await client.request({ method: 'DELETE', path: path('gone') });
    await until('the deletion', () => store.get(key('gone')) === undefined);
    expect(await store.read(key('gone'))).toBeUndefined();
    const write = store.applyStatus(pipeline, { summary: 'late' });
    await expect(write).rejects.toMatchObject({ code: 'ApiNotFound' });
    expect(store.get(key('gone'))).toBeUndefined();
  });

  test('reports a Pipeline that was deleted, with its last state, and nothing else', async () => {
    const removed: StoredPipeline[] = [];
    const unsubscribe = store.onRemoved((last) => removed.push(last));
    const written = await store.applyStatus(await create('removed'), { summary: 'dev 1.0.0 (PR #7)' });
    await create('kept');
    await annotate('kept');
    await client.request({ method: 'DELETE', path: path('removed') });
    await until('word of the deletion', () => removed.length > 0);
    const { name, uid } = written.metadata;
    expect(removed).toMatchObject([{ metadata: { name, uid }, spec: written.spec, status: written.status }]);
    expect(store.get(key('removed'))).toBeUndefined();

    unsubscribe();
    await client.request({ method: 'DELETE', path: path('kept') });
    await until('the deletion', () => store.get(key('kept')) === undefined);
    expect(removed).toHaveLength(1);
  });

  test('lets nothing be recorded in a Pipeline that is gone, nor in the next one of its name', async () => {
    const record = createRecordStatus(store);
    const late = () => ({ status: { summary: 'late' } });
    const pipeline = await create('replaced');
    await client.request({ method: 'DELETE', path: path('replaced') });
    expect(await record(pipeline, late)).toBeUndefined();
    await until('the deletion', () => store.get(key('replaced')) === undefined);
    const next = await create('replaced');
    expect(await record(pipeline, late)).toBeUndefined();
    expect((await store.read(key('replaced')))?.metadata.resourceVersion).toBe(next.metadata.resourceVersion);
    expect(await record(next, late)).toEqual(late());
  });

  test('keeps to its namespace', async () => {
    const elsewhere = await newNamespace(client);
    const body = { apiVersion: API_VERSION, kind: 'Pipeline', metadata: { name: 'app' }, spec: spec() };
    const there = resourcePath({ apiVersion: API_VERSION, namespace: elsewhere, plural: 'pipelines' });
    await client.request({ method: 'POST', path: there, body });
    expect(await store.read(pipelineKey(elsewhere, 'app'))).toBeUndefined();
    expect(store.get(pipelineKey(elsewhere, 'app'))).toBeUndefined();
  });
});
