import { describe, expect, test } from 'bun:test';
import { parseRevisionPaths, revisionPathOf, specPath } from '../../../src/decide/model/revision-path.ts';
import { valuesAt } from '../../../src/lib/text/field-path.ts';

const OBJECT = {
  status: {
    currentPodHash: '5d4f',
    'with-dash': 3,
    images: [
      { name: 'side', tag: 'a' },
      { name: 'main', tag: 'b' },
    ],
    lists: [['x'], ['y', 'z']],
  },
};

function at(path: string): unknown {
  const paths = parseRevisionPaths(`Rollout.argoproj.io=${path}`);
  const found = revisionPathOf(paths, { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' });
  return found && valuesAt(OBJECT, found)[0];
}

describe('the path of a revision', () => {
  test.each(['.spec.a[name=*].tag', '.spec.a[name="x].tag'])('that no name has leads nowhere: %s', (path) => {
    expect(specPath(path)).toEqual({ text: path, parts: [] });
    expect(valuesAt(OBJECT, specPath(path))).toEqual([]);
  });

  test.each([
    ['.status.currentPodHash', '5d4f'],
    ['.status.with-dash', 3],
    ['.status.images[0].tag', 'a'],
    ['.status.images[name=main].tag', 'b'],
    ['.status.lists[1][1]', 'z'],
    ['.status.images', OBJECT.status.images],
    ['.status.images[name=none].tag', undefined],
    ['.status.images[9].tag', undefined],
    ['.status.images.length', undefined],
    ['.status.currentPodHash.length', undefined],
    ['.status[0]', undefined],
    ['.constructor.name', undefined],
    ['.__proto__.constructor', undefined],
    ['.none.none', undefined],
  ])('%s leads to %p', (path, value) => {
    expect(at(path)).toEqual(value);
  });

  test('belongs to a kind of a group, whatever its version', () => {
    const paths = parseRevisionPaths(' Rollout.argoproj.io=.status.a, Service=.metadata.name ,');
    expect([...paths.keys()]).toEqual(['Rollout.argoproj.io', 'Service']);
    expect(revisionPathOf(paths, { apiVersion: 'v1', kind: 'Service' })?.text).toBe('.metadata.name');
    expect(revisionPathOf(paths, { apiVersion: 'serving.knative.dev/v1', kind: 'Service' })).toBeUndefined();
    expect(parseRevisionPaths('').size).toBe(0);
  });

  test.each([
    ['Rollout.argoproj.io', 'is not KIND.GROUP=PATH'],
    ['rollouts.argoproj.io=.status.a', 'is not KIND.GROUP=PATH'],
    ['Rollout.=.status.a', 'is not KIND.GROUP=PATH'],
    ['Rollout.argoproj.io=', 'is not a path'],
    ['Rollout.argoproj.io=status.a', 'is not a path'],
    ['Rollout.argoproj.io=.status..a', 'is not a path'],
    ['Rollout.argoproj.io=.status.a.', 'is not a path'],
    ['Rollout.argoproj.io={.status.a}', 'is not a path'],
    ['Rollout.argoproj.io=.status[*]', 'is not a path'],
    ['Rollout.argoproj.io=.status[-1]', 'is not a path'],
    ['Rollout.argoproj.io=.status[name=]', 'is not a path'],
    [`Rollout.argoproj.io=${'.a'.repeat(21)}`, 'is not a path'],
    ['A.b=.c,A.b=.d', 'A.b has two paths'],
  ])('is refused in %s', (text, says) => {
    expect(() => parseRevisionPaths(text)).toThrow(says);
  });
});
