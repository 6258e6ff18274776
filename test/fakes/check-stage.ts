import type { Pipeline } from '../../src/api/pipeline.ts';
import { parseSpec, type ReferencedObjects } from '../../src/decide/validation.ts';
import { createCheck } from '../../src/reconcile/check.ts';
import { type Changes, type ClusterState, NAMES, POLICY, specOf } from '../fixtures/pipelines/cases.ts';
import { objectsOf } from '../fixtures/pipelines/objects.ts';
import { createFakeLog } from './log.ts';

/** A check of one Pipeline with these referenced objects, and its requests and warnings. */
export function checkStage(around: ClusterState = {}) {
  let facts: ReferencedObjects = objectsOf(around);
  let milliseconds = 0;
  const asked: string[] = [];
  const changed: string[] = [];
  const { log, lines } = createFakeLog();
  let failure: Error | undefined;
  let calm: Promise<void> = Promise.resolve();
  const check = createCheck({
    policy: POLICY,
    gather: async ({ names }) => {
      asked.push(`${names.namespace}/${names.name}`);
      if (failure) throw failure;
      return facts;
    },
    onChange: (key) => changed.push(key),
    calm: () => calm,
    log,
    now: () => new Date(milliseconds),
  });
  return {
    asked,
    changed,
    lines,
    fail: (error: Error | undefined) => {
      failure = error;
    },
    busy: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      calm = promise;
      return resolve;
    },
    check: async (changes: Changes = {}, generation = 1, uid = 'uid-1') =>
      check(await pipeline(changes, generation, uid)).whole(),
    checking: async (changes: Changes = {}, generation = 1) =>
      check(await pipeline(changes, generation, 'uid-1')),
    later: (seconds: number, next: ClusterState = around) => {
      milliseconds += seconds * 1000;
      facts = objectsOf(next);
    },
  };
}

async function pipeline(changes: Changes, generation: number, uid: string): Promise<Pipeline> {
  const parsed = parseSpec(await specOf(changes));
  if (parsed.kind === 'invalid') throw new Error('the spec does not hold to the schema');
  return { metadata: { ...NAMES, uid, generation, resourceVersion: '1' }, spec: parsed.spec, status: {} };
}
