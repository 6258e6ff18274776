import { describe, expect, test } from 'bun:test';
import { type Gates, pipelineKey } from '../../../src/api/pipeline.ts';
import { createReconcile } from '../../../src/reconcile/reconcile.ts';
import { createRecordStatus } from '../../../src/reconcile/record.ts';
import { readerOf } from '../../fakes/application.ts';
import { noNews } from '../../fakes/checking.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { SHOWN } from '../../fakes/namespaces.ts';
import { at, pipeline, spec } from '../../fakes/pipeline.ts';
import { createFakeStore } from '../../fakes/store.ts';

const KEY = pipelineKey('apps', 'app');
const APP = { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', name: 'app' };
const RUNS = { dev: 'main@sha1:b', staging: 'main@sha1:a', prod: 'main@sha1:a' };

/** A Kustomization whose Ready condition changed last at that time. */
function kustomization(revision: string, status: string, lastTransitionTime: string) {
  const conditions = [{ type: 'Ready', status, reason: 'Progressing', lastTransitionTime }];
  const revisions = { lastAppliedRevision: revision, lastAttemptedRevision: revision };
  return { metadata: { generation: 1 }, status: { observedGeneration: 1, conditions, ...revisions } };
}

function setUp(gates: Gates = {}) {
  const { promotion } = spec();
  const store = createFakeStore();
  store.put(pipeline({ appRef: APP, ...(promotion && { promotion: { ...promotion, gates } }) }));
  const objects = new Map<string, object>();
  for (const [name, revision] of Object.entries(RUNS)) {
    objects.set(name, kustomization(revision, 'True', at(-60)));
  }
  const asked: string[] = [];
  let seconds = 0;
  const reconcile = createReconcile({
    store,
    record: createRecordStatus(store),
    clusters: { reader: () => ({ read: async () => undefined }) },
    messagesOf: SHOWN,
    applications: readerOf((_, namespace) => objects.get(namespace)),
    promoter: {
      async promote({ recorded, promotion: { revision } }) {
        await recorded;
        const pullRequest = { url: 'https://f/pulls/7', number: 7, commit: 'c0ffee', revision };
        return { kind: 'pull-request', pullRequest };
      },
      runTask: async () => ({ kind: 'done' }),
      findPullRequest: async () => undefined,
      async pullRequestState({ environment }) {
        asked.push(environment.name);
        return 'open';
      },
    },
    check: () => noNews(),
    onChange: () => {},
    policy: { delaySeconds: 2, maxDelaySeconds: 20, threshold: 3, resyncSeconds: 600 },
    log: createFakeLog().log,
    now: () => new Date(at(seconds)),
  });
  return {
    look: () => reconcile(KEY),
    asked,
    writes: store.writes,
    staging: () => store.get(KEY)?.status.environments?.staging?.promotion,
    /** All are reconciled, one after the other: a look while Ready is Unknown, and one after that. */
    async interval() {
      for (const [name, revision] of Object.entries(RUNS)) {
        for (const status of ['Unknown', 'True']) {
          seconds += 1;
          objects.set(name, kustomization(revision, status, at(seconds)));
          await reconcile(KEY);
        }
      }
    },
    later: () => {
      seconds += 60;
    },
  };
}

describe('a reconciliation of Kustomizations by Flux', () => {
  test('writes nothing, and asks the forge no more than is due, while a pull request is open', async () => {
    const { look, interval, asked, writes, staging, later } = setUp();
    await look();
    await look();
    expect(staging()).toMatchObject({ phase: 'PullRequestOpen', pullRequest: { checked: 'success' } });
    const before = { writes: writes(), asked: asked.length };
    await interval();
    expect({ writes: writes(), asked: asked.length }).toEqual(before);
    later();
    await interval();
    expect({ writes: writes(), asked: asked.length }).toEqual({ ...before, asked: before.asked + 1 });
  });

  test('turns nothing to and fro of what soaks', async () => {
    const { look, interval, writes, staging, later } = setUp({ soak: '24h' });
    await look();
    expect(staging()).toMatchObject({ phase: 'Pending', heldBy: 'Soak' });
    const before = writes();
    for (let count = 0; count < 3; count += 1) {
      await interval();
      expect([staging()?.heldBy, writes()]).toEqual(['Soak', before]);
      later();
    }
  });
});
