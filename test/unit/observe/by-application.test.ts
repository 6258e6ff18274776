import { describe, expect, test } from 'bun:test';
import { pipelineKey } from '../../../src/api/pipeline.ts';
import { createGovernors } from '../../../src/observe/pipelines-by-application.ts';
import { pipeline } from '../../fakes/pipeline.ts';
import { createFakeStore } from '../../fakes/store.ts';

const APP = pipeline().spec.appRef;

function setUp() {
  const store = createFakeStore();
  const governors = createGovernors(store);
  const put = (name: string, generation: number, targets: readonly string[]) => {
    const environments = targets.map((namespace) => ({ name: namespace, targets: [{ namespace }] }));
    const { spec, status, metadata } = pipeline({ environments });
    store.put({ metadata: { ...metadata, name, uid: name, generation }, spec, status });
  };
  return { governors, put };
}

describe('the governors of an application', () => {
  test('are the Pipelines with it among their targets, whatever its version', () => {
    const { governors, put } = setUp();
    put('a', 1, ['dev', 'prod']);
    put('b', 1, ['prod']);
    expect(governors.of(APP, 'dev')).toEqual([pipelineKey('apps', 'a')]);
    expect(governors.of({ ...APP, apiVersion: 'helm.toolkit.fluxcd.io/v2beta1' }, 'prod')).toEqual([
      pipelineKey('apps', 'a'),
      pipelineKey('apps', 'b'),
    ]);
    expect(governors.of({ ...APP, kind: 'Kustomization' }, 'prod')).toEqual([]);
  });

  test('change with the spec', () => {
    const { governors, put } = setUp();
    put('a', 1, ['dev']);
    put('a', 2, ['prod']);
    expect(governors.of(APP, 'dev')).toEqual([]);
    expect(governors.of(APP, 'prod')).toEqual([pipelineKey('apps', 'a')]);
  });

  test('are told of with each new spec and its end', () => {
    const store = createFakeStore();
    const told: unknown[] = [];
    createGovernors(store, (key, spec) => told.push([String(key), spec?.environments.length]));
    const { spec, status, metadata } = pipeline();
    store.put({ metadata, spec, status });
    store.put({ metadata, spec, status: { summary: 'changed' } });
    store.put({ metadata: { ...metadata, generation: 2 }, spec: { ok: false, problems: [] }, status });
    expect(told).toEqual([
      ['apps/app', 3],
      ['apps/app', undefined],
    ]);
  });
});
