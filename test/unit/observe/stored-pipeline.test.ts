import { describe, expect, test } from 'bun:test';
import * as v from 'valibot';
import { parseLenient } from '../../../src/observe/pipelines/parse-lenient.ts';
import { parseStoredPipeline, storedKey } from '../../../src/observe/pipelines/stored-pipeline.ts';
import { spec } from '../../fakes/pipeline.ts';

const METADATA = { name: 'app', namespace: 'apps', uid: 'u', generation: 2, resourceVersion: '7' };

describe('parseLenient', () => {
  const Schema = v.object({
    needed: v.optional(v.object({ id: v.number(), note: v.optional(v.string()) })),
    list: v.optional(v.pipe(v.array(v.number()), v.description('numbers'))),
    byName: v.optional(v.record(v.string(), v.number())),
  });

  test.each([
    [{ needed: { id: 1, note: 'n' } }, { needed: { id: 1, note: 'n' } }],
    [{ needed: { id: 1, note: 5 } }, { needed: { id: 1 } }],
    [{ needed: { note: 'n' }, list: [1] }, { list: [1] }],
    [{ list: [1, 'two', 3] }, { list: [1, 3] }],
    [{ list: 'none', byName: { a: 1 } }, { byName: { a: 1 } }],
    [{ byName: { a: 1, b: 'x' } }, { byName: { a: 1 } }],
    [{ unknown: 1 }, {}],
    ['text', undefined],
    [null, undefined],
  ])('of %j takes %j', (value, taken) => {
    expect(parseLenient(Schema, value) as unknown).toEqual(taken);
  });
});

describe('a Pipeline from the cluster', () => {
  test('is read with what is used of it, without what others keep in it', () => {
    const metadata = {
      ...METADATA,
      managedFields: [{ manager: 'kubectl' }],
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', mine: 'kept' },
    };
    const status = { observedGeneration: 2, conditions: [] };
    const pipeline = parseStoredPipeline({ metadata, spec: spec(), status });
    expect(pipeline).toEqual({
      metadata: { ...METADATA, annotations: { mine: 'kept' } },
      spec: { ok: true, value: spec() },
      status,
    });
    expect(storedKey(pipeline) as string).toBe('apps/app');
  });

  test('without a spec is none that works, but stays in sight', () => {
    const pipeline = parseStoredPipeline({ metadata: METADATA });
    expect(pipeline.spec).toMatchObject({ ok: false });
    expect(pipeline.spec.ok ? [] : pipeline.spec.problems).toEqual([expect.stringMatching(/^spec: /)]);
    expect(pipeline.status).toEqual({});
  });

  test('with faults in its spec names each with its path', () => {
    const faulty = { ...spec(), environments: [{ name: '', targets: [] }, { name: 'b' }] };
    const pipeline = parseStoredPipeline({ metadata: METADATA, spec: faulty });
    expect(pipeline.spec.ok ? [] : pipeline.spec.problems).toEqual([
      expect.stringMatching(/^spec\.environments\[0\]\.name: /),
      expect.stringMatching(/^spec\.environments\[1\]\.targets: /),
    ]);
  });

  test('keeps of a broken status all that can be read', () => {
    const deployment = { revision: '1', phase: 'Succeeded', observedAt: 'then', source: 'watch' };
    const pipeline = parseStoredPipeline({
      metadata: METADATA,
      spec: spec(),
      status: {
        observedGeneration: 'two',
        summary: 'dev 1',
        conditions: [{ type: 'Ready' }],
        environments: { dev: { deployment, promotion: { phase: 'Dreaming' } }, prod: 7 },
      },
    });
    expect(pipeline.status as unknown).toEqual({
      summary: 'dev 1',
      conditions: [],
      environments: { dev: { deployment } },
    });
  });
});
