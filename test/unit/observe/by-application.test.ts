import { describe, expect, test } from 'bun:test';
import { pipelineKey } from '../../../src/api/pipeline.ts';
import { watchSpecs } from '../../../src/observe/pipelines/spec-changes.ts';
import { indexByApplication } from '../../../src/observe/pipelines-by-application.ts';
import { pipeline } from '../../fakes/pipeline.ts';
import { createFakeStore } from '../../fakes/store.ts';

const APP = pipeline().spec.appRef;

function setUp() {
  const store = createFakeStore();
  const byApplication = indexByApplication(watchSpecs(store));
  const put = (name: string, generation: number, targets: readonly string[]) => {
    const environments = targets.map((namespace) => ({ name: namespace, targets: [{ namespace }] }));
    const { spec, status, metadata } = pipeline({ environments });
    store.put({ metadata: { ...metadata, name, uid: name, generation }, spec, status });
  };
  return { byApplication, put };
}

describe('the Pipelines of an application', () => {
  test('are those with it among their targets, whatever its version', () => {
    const { byApplication, put } = setUp();
    put('a', 1, ['dev', 'prod']);
    put('b', 1, ['prod']);
    expect(byApplication.of(APP, 'dev')).toEqual([pipelineKey('apps', 'a')]);
    expect(byApplication.of({ ...APP, apiVersion: 'helm.toolkit.fluxcd.io/v2beta1' }, 'prod')).toEqual([
      pipelineKey('apps', 'a'),
      pipelineKey('apps', 'b'),
    ]);
    expect(byApplication.of({ ...APP, kind: 'Kustomization' }, 'prod')).toEqual([]);
  });

  test('change with the spec', () => {
    const { byApplication, put } = setUp();
    put('a', 1, ['dev']);
    put('a', 2, ['prod']);
    expect(byApplication.of(APP, 'dev')).toEqual([]);
    expect(byApplication.of(APP, 'prod')).toEqual([pipelineKey('apps', 'a')]);
  });
});

describe('the specs of Pipelines', () => {
  test('are heard of when they are new and when they end', () => {
    const store = createFakeStore();
    const heard: unknown[] = [];
    watchSpecs(store).subscribe((key, spec) => heard.push([String(key), spec?.environments.length]));
    const { spec, status, metadata } = pipeline();
    store.put({ metadata, spec, status });
    store.put({ metadata, spec, status: { summary: 'changed' } });
    store.put({ metadata: { ...metadata, generation: 2 }, spec: { ok: false, problems: [] }, status });
    expect(heard).toEqual([
      ['apps/app', 3],
      ['apps/app', undefined],
    ]);
  });
});
