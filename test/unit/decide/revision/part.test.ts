import { describe, expect, test } from 'bun:test';
import { lacksPart, revisionPart } from '../../../../src/decide/model/revision.ts';

const SHA256 = `sha256:${'0123456789abcdef'.repeat(4)}`;
const SHA1 = `sha1:${'0123456789'.repeat(4)}`;

const TWELVE = '0123456789ab';

/** A revision, and its parts: tag, digest, commit, version; undefined: it does not say it for certain. */
type Part = string | undefined;
const PARTS: readonly (readonly [string, Part, Part, Part, Part])[] = [
  [`6.5.0@${SHA256}`, '6.5.0', SHA256, undefined, '6.5.0'],
  [`v6.5.0@${SHA256}`, 'v6.5.0', SHA256, undefined, '6.5.0'],
  [`latest@${SHA256}`, 'latest', SHA256, undefined, undefined],
  [`main@${SHA1}`, 'main', SHA1, SHA1.slice(5), undefined],
  [`refs/heads/main@${SHA1}`, undefined, SHA1, SHA1.slice(5), undefined],
  [`v1.0.1@${SHA1}`, 'v1.0.1', SHA1, SHA1.slice(5), '1.0.1'],
  [`feature/a@b@${SHA1}`, 'feature/a@b', SHA1, SHA1.slice(5), undefined],
  ['6.5.0@sha256:abc', '6.5.0', 'sha256:abc', undefined, '6.5.0'],
  ['6.5.0@sha512+b64u:A_-=', '6.5.0', 'sha512+b64u:A_-=', undefined, '6.5.0'],
  ['6.5.0', '6.5.0', undefined, undefined, '6.5.0'],
  ['v6.5.0', 'v6.5.0', undefined, undefined, '6.5.0'],
  ['1.0.0+build.7', undefined, undefined, undefined, '1.0.0+build.7'],
  ['1.2.3+4f0c04b70aff', undefined, undefined, undefined, undefined],
  ['1.2.3+4f0c04b70aff.3', undefined, undefined, undefined, undefined],
  [SHA256, undefined, SHA256, undefined, undefined],
  [SHA1, undefined, SHA1, SHA1.slice(5), undefined],
  [`@${SHA256}`, undefined, SHA256, undefined, undefined],
  ['6.5.0@', undefined, undefined, undefined, undefined],
  ['6.5.0@sha256:', undefined, undefined, undefined, undefined],
  ['6.5.0@sha256:a b', undefined, undefined, undefined, undefined],
  [`6.5.0@${SHA256}\n`, undefined, undefined, undefined, undefined],
  ['12:30', undefined, undefined, undefined, undefined],
  ['', undefined, undefined, undefined, undefined],
];

describe('a revision', () => {
  test.each([...PARTS])('%p has the tag %p, the digest %p, the commit %p, the version %p', (...row) => {
    const [revision, tag, digest, commit, version] = row;
    expect(revisionPart(revision, 'revision')).toBe(revision);
    expect(revisionPart(revision, 'tag')).toBe(tag);
    expect(revisionPart(revision, 'digest')).toBe(digest);
    expect(revisionPart(revision, 'commit')).toBe(commit);
    expect(revisionPart(revision, 'version')).toBe(version);
  });

  test('of a chart is written without build metadata that is the start of its digest', () => {
    expect(revisionPart(`6.5.0+${TWELVE}@${SHA256}`, 'revision')).toBe('6.5.0');
    expect(revisionPart(`6.5.0+${TWELVE}@${SHA256}`, 'version')).toBe('6.5.0');
    expect(revisionPart(`6.5.0+${TWELVE}@${SHA256}`, 'tag')).toBeUndefined();
    expect(revisionPart(`6.5.0+${TWELVE}@v6.5.0@${SHA256}`, 'tag')).toBe('v6.5.0');
    expect(revisionPart(`1.0.0+build.7@${SHA256}`, 'revision')).toBe('1.0.0+build.7');
  });

  test('that lacks a part is quoted in the sentence that says so, but not at length', () => {
    expect(lacksPart('6.5.0', 'digest')).toBe('the revision "6.5.0" has no digest');
    expect(lacksPart(SHA256, 'tag')).toContain('has no tag');
    expect(lacksPart('main', 'version')).toBe('the revision "main" has no version');
    expect(lacksPart('6.5.0+4f0c04b70aff', 'tag')).toContain('does not say which tag');
    expect(lacksPart('6.5.0+4f0c04b70aff', 'digest')).toContain('has no digest');
    expect(lacksPart('6.5.0+4f0c04b70aff', 'version')).toContain('build metadata');
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
