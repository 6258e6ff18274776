import { describe, expect, test } from 'bun:test';
import type { AppRef } from '../../../src/api/pipeline.ts';
import { parseRevisionPath } from '../../../src/decide/model/revision-path.ts';
import { createWants, kindKey, localApplications } from '../../../src/observe/applications/interests.ts';
import { spec } from '../../fakes/pipeline.ts';

const HELM = 'helm.toolkit.fluxcd.io/v2';
const app = (name: string, namespace: string, apiVersion = HELM) => ({
  appRef: { apiVersion, kind: 'HelmRelease', name } satisfies AppRef,
  namespace,
});
const KEY = kindKey({ apiVersion: HELM, kind: 'HelmRelease' });

describe('the wanted applications', () => {
  test('are wanted until the last one who wants them changes its mind', () => {
    const wants = createWants();
    wants.set('a', [app('x', 'dev'), app('x', 'dev'), app('x', 'prod')]);
    wants.set('b', [app('x', 'dev')]);
    wants.set('a', [app('x', 'prod')]);
    expect([...wants.list(KEY, undefined)]).toEqual([
      ['dev', 'x'],
      ['prod', 'x'],
    ]);
    expect([...wants.list(KEY, 'prod')]).toEqual([['prod', 'x']]);
    wants.set('b', []);
    expect(wants.has(KEY, 'dev', 'x')).toBe(false);
    expect(wants.has(KEY, 'prod', 'x')).toBe(true);
    wants.set('a', []);
    expect(wants.kinds().size).toBe(0);
  });

  test('are of one kind however many versions of it are written', () => {
    const wants = createWants();
    const versions = Array.from({ length: 50 }, (_, index) => `helm.toolkit.fluxcd.io/v2beta${index}`);
    for (const version of versions) wants.set(version, [app('x', 'dev', version)]);
    wants.set('other', [app('x', 'dev', 'example.com/v2')]);
    expect([...wants.kinds().keys()]).toEqual([KEY, 'example.com, HelmRelease']);
    expect(wants.has(kindKey({ apiVersion: HELM, kind: 'HelmRelease' }), 'dev', 'x')).toBe(true);
    for (const version of versions) wants.set(version, []);
    expect([...wants.kinds().keys()]).toEqual(['example.com, HelmRelease']);
  });

  test('show the paths that somebody wants to see of them, until nobody does', () => {
    const [tag, digest] = [
      parseRevisionPath('.spec.values.image.tag'),
      parseRevisionPath('.spec.values.image.digest'),
    ];
    const wants = createWants();
    wants.set('a', [{ ...app('x', 'dev'), paths: [tag] }]);
    wants.set('b', [{ ...app('x', 'dev'), paths: [parseRevisionPath(tag.text), digest] }]);
    wants.set('c', [app('x', 'dev'), app('y', 'dev')]);
    const shown = (name = 'x') => wants.paths(KEY, 'dev', name).map(({ text }) => text);
    expect(shown()).toEqual([tag.text, digest.text]);
    expect([shown('y'), shown('z')]).toEqual([[], []]);
    wants.set('b', [app('x', 'dev')]);
    expect(shown()).toEqual([tag.text]);
    wants.set('a', []);
    expect(shown()).toEqual([]);
    expect(wants.has(KEY, 'dev', 'x')).toBe(true);
  });

  test('of a Pipeline are those on its own cluster', () => {
    const clusterRef = { kind: 'GitopsCluster', name: 'leaf' } as const;
    const environments = [
      { name: 'dev', targets: [{ namespace: 'dev' }, { namespace: 'dev', clusterRef }] },
      { name: 'prod', targets: [{ namespace: 'prod' }] },
    ];
    expect(localApplications(spec({ environments })).map(({ namespace }) => namespace)).toEqual([
      'dev',
      'prod',
    ]);
  });
});
