import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  fullestOf,
  hasArrived,
  isNeeded,
  isOlder,
  isOrdered,
  isSame,
  isUnmistakable,
  memberRevision,
  membersOf,
  pinsOf,
  setOf,
  shortRevision,
  writtenAs,
} from '../../../../src/decide/model/revision.ts';
import { COMMIT, DIGEST, revisionText } from './arbitraries.ts';

const OTHER = `sha256:${'f'.repeat(64)}`;
const BEFORE = 'chart=6.5.0,image=1.9.2';

describe('a set of artifacts', () => {
  test('is read and written as one text, in its own order', () => {
    expect(membersOf(BEFORE)).toEqual([
      { artifact: 'chart', revision: '6.5.0' },
      { artifact: 'image', revision: '1.9.2' },
    ]);
    expect(membersOf('6.5.0')).toBeUndefined();
    expect(membersOf('chart=6.5.0,1.9.2')).toBeUndefined();
  });

  test('reads back as it was written, whatever can stand in it', () => {
    fc.assert(
      fc.property(revisionText.filter(isUnmistakable), revisionText.filter(isUnmistakable), (one, two) => {
        const members = [
          { artifact: 'chart', revision: one },
          { artifact: 'image', revision: two },
        ];
        expect(membersOf(setOf(members))).toEqual(members);
      }),
    );
  });

  test.each([
    [BEFORE, 'chart=6.5.0,image=1.9.3', true],
    [BEFORE, 'chart=6.5.1,image=1.9.2', true],
    [BEFORE, 'image=1.9.2,chart=6.5.0', false],
    [`chart=6.5.0@${DIGEST},image=1.9.2`, `chart=${DIGEST},image=1.9.2`, false],
    [`chart=6.5.0@${DIGEST},image=1.9.2`, `chart=6.5.0@${OTHER},image=1.9.2`, true],
    [BEFORE, 'chart=6.5.0', true],
    [BEFORE, '6.5.0', true],
  ])('%p where %p runs: needed %p', (wanted, there, needed) => {
    expect([isNeeded(wanted, there), isNeeded(there, wanted)]).toEqual([needed, needed]);
    expect(isSame(wanted, there)).toBe(!needed);
  });

  test('is older when one artifact is, and has no place in an order', () => {
    expect(isOlder('chart=6.6.0,image=1.9.1', BEFORE)).toBe(true);
    expect(isOlder('chart=6.4.0,image=1.9.3', BEFORE)).toBe(true);
    expect(isOlder('chart=6.6.0,image=1.9.2', BEFORE)).toBe(false);
    expect(isOlder(`chart=6.5.0,config=${COMMIT}`, `chart=6.5.0,config=${'0'.repeat(40)}`)).toBe(false);
    expect(isOrdered(BEFORE)).toBe(false);
  });

  test('has arrived by the version of those artifacts alone whose digest was not written', () => {
    const wanted = `chart=6.5.0@${DIGEST},image=1.9.2@${DIGEST}`;
    const chartOnly = `chart=6.5.0@${OTHER},image=1.9.2@${DIGEST}`;
    expect(hasArrived(chartOnly, wanted)).toBe(false);
    expect(hasArrived(chartOnly, wanted, ['chart'])).toBe(true);
    expect(hasArrived(chartOnly, wanted, ['image'])).toBe(false);
  });

  test('is given most fully artifact by artifact', () => {
    const one = `chart=6.5.0@${DIGEST},image=1.9.2`;
    const two = `chart=${DIGEST},image=1.9.2@${OTHER}`;
    expect(fullestOf([one, two])).toBe(`chart=6.5.0@${DIGEST},image=1.9.2@${OTHER}`);
    expect([...pinsOf(one)]).toEqual([['chart', DIGEST]]);
    expect([...pinsOf(`main@sha1:${COMMIT}`)]).toEqual([['revision', COMMIT]]);
  });

  test('is shown as people say it', () => {
    expect(shortRevision(BEFORE)).toBe('chart 6.5.0, image 1.9.2');
    expect(shortRevision(`chart=6.5.0@${DIGEST},config=main@sha1:${COMMIT}`)).toBe(
      'chart 6.5.0 (sha256:0c1d2e3), config main@9a8b7c6',
    );
  });

  test.each([
    [BEFORE, { artifact: 'image', part: 'revision' }, { value: '1.9.2' }],
    [BEFORE, { artifact: 'image', part: 'tag' }, { value: '1.9.2' }],
    [`chart=6.5.0@${DIGEST},image=1.9.2`, { artifact: 'chart', part: 'digest' }, { value: DIGEST }],
    [BEFORE, { artifact: 'image', part: 'digest' }, { reason: 'the revision "1.9.2" has no digest' }],
    [
      BEFORE,
      { part: 'tag' },
      { reason: 'the Pipeline promotes chart and image: name the one that is meant' },
    ],
    [
      BEFORE,
      { artifact: 'config', part: 'revision' },
      { reason: 'the Pipeline has no artifact config: it has chart and image' },
    ],
    [
      '6.5.0',
      { artifact: 'image', part: 'tag' },
      { reason: 'the Pipeline has no artifacts: leave image out, or write spec.artifacts' },
    ],
  ] as const)('%p at a place that asks for %p: %p', (revision, asked, written) => {
    expect(writtenAs(revision, asked)).toEqual(written);
  });
});

test.each([
  ['chart', '6.5.0'],
  ['image', '1.9.2'],
])('the revision of %s in a set is its own', (artifact, own) => {
  expect(memberRevision('chart=6.5.0,image=1.9.2', artifact)).toBe(own);
});
