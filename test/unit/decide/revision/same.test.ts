import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { hasArrived, isNeeded, isSame } from '../../../../src/decide/model/revision/same.ts';
import { COMMIT, DIGEST, HEX, revisionText } from './arbitraries.ts';

const TWELVE = HEX.slice(0, 12);
const OTHER = `sha256:${'f'.repeat(64)}`;

/** Whether the second is needed where the first runs, and whether it has arrived where a change named no digest. */
const PAIRS: readonly (readonly [string, string, needed: boolean, arrived: boolean])[] = [
  [`6.5.1@${DIGEST}`, DIGEST, false, true],
  [`6.5.1@${DIGEST}`, '6.5.1', false, true],
  [`6.5.1@${DIGEST}`, `6.5.1@${OTHER}`, true, true],
  [`6.5.1@${DIGEST}`, `6.5.0@${OTHER}`, true, false],
  [`6.5.1@${DIGEST}`, OTHER, true, false],
  [`6.5.1@${DIGEST}`, `6.5.1+${TWELVE}`, false, true],
  [`6.5.1@${DIGEST}`, '6.5.1+ffffffffffff', true, true],
  [`6.5.1@${DIGEST}`, '6.5.1+build.7', true, false],
  [`6.5.1+${TWELVE}@${DIGEST}`, `6.5.1@${DIGEST}`, false, true],
  [`104.1.1_up57.0.3@${DIGEST}`, `104.1.1+${TWELVE}`, false, true],
  [`104.1.1_up57.0.3@${DIGEST}`, '104.1.1+up57.0.3', false, true],
  [`v6.5.1@${DIGEST}`, '6.5.1', false, true],
  [`latest@${DIGEST}`, 'latest', true, true],
  [DIGEST, '6.5.1', true, false],
  [DIGEST, OTHER, true, false],
  [`main@sha1:${COMMIT}`, `sha1:${COMMIT}`, false, true],
  [`main@sha1:${COMMIT}`, `refs/heads/main@sha1:${COMMIT}`, false, true],
  [`main@sha1:${COMMIT}`, `v1.0.1@sha1:${COMMIT}`, false, true],
  [`main@sha1:${COMMIT}`, `main@sha1:${'0'.repeat(40)}`, true, false],
  [`v1.0.1@sha1:${COMMIT}`, `v1.0.1@sha1:${'0'.repeat(40)}`, true, true],
  [`main@sha1:${COMMIT}`, 'main', true, false],
  ['1.2.3', '1.2.3', false, true],
  ['1.2.3', '1.2.4', true, false],
  ['1.2.3', 'v1.2.3', true, true],
  ['1.0.0+build.7', '1.0.0+build.7', false, true],
  ['1.0.0+build.7', '1.0.0', true, false],
  ['1.0.0+3', '1.0.0+4', true, false],
  ['main', 'release', true, false],
];

describe('two revisions', () => {
  test.each([...PAIRS])('%p and %p: needed %p, arrived %p', (one, other, needed, arrived) => {
    expect([isNeeded(one, other), isNeeded(other, one)]).toEqual([needed, needed]);
    expect(isSame(one, other)).toBe(!needed);
    expect([hasArrived(one, other, ['revision']), hasArrived(other, one, ['revision'])]).toEqual([
      arrived,
      arrived,
    ]);
    expect(hasArrived(one, other)).toBe(!needed);
  });

  test('are the same where both are none', () => {
    expect(isSame(undefined, undefined)).toBe(true);
    expect(isSame(undefined, '1.2.3')).toBe(false);
    expect(hasArrived(undefined, '1.2.3', ['revision'])).toBe(false);
  });

  test('a chart that was pushed again under its version is needed where one names its digest', () => {
    expect(isNeeded(`6.5.1@${OTHER}`, `6.5.1@${DIGEST}`)).toBe(true);
    expect(hasArrived(`6.5.1@${DIGEST}`, `6.5.1@${OTHER}`)).toBe(false);
  });

  test('no revision is needed where it runs, and it has arrived there', () => {
    fc.assert(
      fc.property(revisionText, fc.subarray(['revision']), (revision, byVersion) => {
        expect(isNeeded(revision, revision)).toBe(false);
        expect(hasArrived(revision, revision, byVersion)).toBe(true);
      }),
    );
  });

  test('one is needed where the other runs as the other is where it runs, and what is not needed has arrived', () => {
    fc.assert(
      fc.property(revisionText, revisionText, (one, other) => {
        expect(isNeeded(one, other)).toBe(isNeeded(other, one));
        if (!isNeeded(one, other)) expect(hasArrived(other, one)).toBe(true);
      }),
    );
  });
});
