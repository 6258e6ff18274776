import { describe, expect, test } from 'bun:test';
import { lacksPart, revisionPart } from '../../src/decide/revision.ts';

const SHA256 = `sha256:${'0123456789abcdef'.repeat(4)}`;
const SHA1 = `sha1:${'0123456789'.repeat(4)}`;

/** A revision, its tag and its digest; undefined: it has none. */
const PARTS: readonly (readonly [string, string | undefined, string | undefined])[] = [
  [`6.5.0@${SHA256}`, '6.5.0', SHA256],
  [`latest@${SHA256}`, 'latest', SHA256],
  [`main@${SHA1}`, 'main', SHA1],
  [`feature/a@b@${SHA1}`, 'feature/a@b', SHA1],
  ['6.5.0@sha256:abc', '6.5.0', 'sha256:abc'],
  ['6.5.0@sha512+b64u:A_-=', '6.5.0', 'sha512+b64u:A_-='],
  ['6.5.0', '6.5.0', undefined],
  ['1.2.3+4f0c04b70aff', '1.2.3+4f0c04b70aff', undefined],
  [SHA256, undefined, SHA256],
  [SHA1, undefined, SHA1],
  [`@${SHA256}`, undefined, SHA256],
  ['6.5.0@', '6.5.0', undefined],
  ['6.5.0@sha256', '6.5.0', undefined],
  ['6.5.0@sha256:', '6.5.0', undefined],
  ['6.5.0@:abc', '6.5.0', undefined],
  ['6.5.0@sha256:a b', '6.5.0', undefined],
  [`6.5.0@${SHA256}\n`, '6.5.0', undefined],
  ['12:30', '12:30', undefined],
  ['', undefined, undefined],
];

describe('a revision', () => {
  test.each([...PARTS])('%p has the tag %p and the digest %p', (revision, tag, digest) => {
    expect(revisionPart(revision, 'revision')).toBe(revision);
    expect(revisionPart(revision, 'tag')).toBe(tag);
    expect(revisionPart(revision, 'digest')).toBe(digest);
  });

  test('that lacks a part is quoted in the sentence that says so, but not at length', () => {
    expect(lacksPart('6.5.0', 'digest')).toBe('the revision "6.5.0" has no digest');
    expect(lacksPart('x'.repeat(5000), 'digest').length).toBeLessThan(300);
  });

  test('of hostile length is read in no time', () => {
    for (const piece of ['a', 'a.', '@', 'sha256:', 'a:']) {
      const before = process.cpuUsage();
      revisionPart(`x@${piece.repeat(100_000)}!`, 'digest');
      expect(process.cpuUsage(before).user / 1000).toBeLessThan(1_000);
    }
  });
});
