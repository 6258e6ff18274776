import { describe, expect, test } from 'bun:test';
import type { AppRef } from '../../../src/api/pipeline.ts';
import { parseRevisionPath } from '../../../src/decide/model/revision-path.ts';
import { createInterests, kindKey, localApplications } from '../../../src/observe/applications/interests.ts';
import { spec } from '../../fakes/pipeline.ts';

const HELM = 'helm.toolkit.fluxcd.io/v2';
const app = (name: string, namespace: string, apiVersion = HELM) => ({
  appRef: { apiVersion, kind: 'HelmRelease', name } satisfies AppRef,
  namespace,
});
const KEY = kindKey({ apiVersion: HELM, kind: 'HelmRelease' });

describe('the wanted applications', () => {
  test('are wanted until the last one who wants them changes its mind', () => {
    const interests = createInterests();
    interests.set('a', [app('x', 'dev'), app('x', 'dev'), app('x', 'prod')]);
    interests.set('b', [app('x', 'dev')]);
    interests.set('a', [app('x', 'prod')]);
    expect([...interests.list(KEY, undefined)]).toEqual([
      ['dev', 'x'],
      ['prod', 'x'],
    ]);
    expect([...interests.list(KEY, 'prod')]).toEqual([['prod', 'x']]);
    interests.set('b', []);
    expect(interests.has(KEY, 'dev', 'x')).toBe(false);
    expect(interests.has(KEY, 'prod', 'x')).toBe(true);
    interests.set('a', []);
    expect(interests.kinds().size).toBe(0);
  });

  test('are of one kind however many versions of it are written', () => {
    const interests = createInterests();
    const versions = Array.from({ length: 50 }, (_, index) => `helm.toolkit.fluxcd.io/v2beta${index}`);
    for (const version of versions) interests.set(version, [app('x', 'dev', version)]);
    interests.set('other', [app('x', 'dev', 'example.com/v2')]);
    expect([...interests.kinds().keys()]).toEqual([KEY, 'example.com, HelmRelease']);
    expect(interests.has(kindKey({ apiVersion: HELM, kind: 'HelmRelease' }), 'dev', 'x')).toBe(true);
    for (const version of versions) interests.set(version, []);
    expect([...interests.kinds().keys()]).toEqual(['example.com, HelmRelease']);
  });

  test('show the paths that somebody wants to see of them, until nobody does', () => {
    const [tag, digest] = [
      parseRevisionPath('.spec.values.image.tag'),
      parseRevisionPath('.spec.values.image.digest'),
    ];
    const interests = createInterests();
    interests.set('a', [{ ...app('x', 'dev'), paths: [tag] }]);
    interests.set('b', [{ ...app('x', 'dev'), paths: [parseRevisionPath(tag.text), digest] }]);
    interests.set('c', [app('x', 'dev'), app('y', 'dev')]);
    const shown = (name = 'x') => interests.paths(KEY, 'dev', name).map(({ text }) => text);
    expect(shown()).toEqual([tag.text, digest.text]);
    expect([shown('y'), shown('z')]).toEqual([[], []]);
    interests.set('b', [app('x', 'dev')]);
    expect(shown()).toEqual([tag.text]);
    interests.set('a', []);
    expect(shown()).toEqual([]);
    expect(interests.has(KEY, 'dev', 'x')).toBe(true);
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
