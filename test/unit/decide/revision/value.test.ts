import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { asChart, withArtifact, withoutBuild } from '../../../../src/decide/model/revision/artifact.ts';
import { shortRevision } from '../../../../src/decide/model/revision/shown.ts';
import { fullRevision, parseRevision, type Revision } from '../../../../src/decide/model/revision/value.ts';
import { COMMIT, DIGEST, HEX, revisionText } from './arbitraries.ts';

const VALUES: readonly (readonly [string, Revision])[] = [
  ['1.2.3', { name: '1.2.3', version: '1.2.3', tag: '1.2.3' }],
  ['v1.2.3', { name: 'v1.2.3', version: '1.2.3', tag: 'v1.2.3' }],
  ['1.0.0+build.7', { name: '1.0.0+build.7', version: '1.0.0+build.7' }],
  ['2024.01.15', { name: '2024.01.15', version: '2024.01.15', tag: '2024.01.15' }],
  ['latest', { name: 'latest', tag: 'latest' }],
  [`6.5.1@${DIGEST}`, { name: '6.5.1', version: '6.5.1', tag: '6.5.1', digest: DIGEST }],
  [`v6.5.1@${DIGEST}`, { name: 'v6.5.1', version: '6.5.1', tag: 'v6.5.1', digest: DIGEST }],
  [`latest@${DIGEST}`, { name: 'latest', tag: 'latest', digest: DIGEST }],
  [
    `104.1.1_up57.0.3@${DIGEST}`,
    { name: '104.1.1_up57.0.3', version: '104.1.1+up57.0.3', tag: '104.1.1_up57.0.3', digest: DIGEST },
  ],
  [
    `6.5.1+${HEX.slice(0, 12)}@${DIGEST}`,
    { name: `6.5.1+${HEX.slice(0, 12)}`, version: '6.5.1', digest: DIGEST },
  ],
  [
    `6.5.1+${HEX.slice(0, 12)}@v6.5.1@${DIGEST}`,
    { name: `6.5.1+${HEX.slice(0, 12)}@v6.5.1`, version: '6.5.1', tag: 'v6.5.1', digest: DIGEST },
  ],
  [DIGEST, { digest: DIGEST }],
  [`main@sha1:${COMMIT}`, { name: 'main', branch: 'main', tag: 'main', commit: COMMIT }],
  [`refs/heads/main@sha1:${COMMIT}`, { name: 'refs/heads/main', branch: 'main', commit: COMMIT }],
  [`v1.0.1@sha1:${COMMIT}`, { name: 'v1.0.1', version: '1.0.1', tag: 'v1.0.1', commit: COMMIT }],
  [
    `refs/tags/v1.0.1@sha1:${COMMIT}`,
    { name: 'refs/tags/v1.0.1', version: '1.0.1', tag: 'v1.0.1', commit: COMMIT },
  ],
  [`sha1:${COMMIT}`, { commit: COMMIT }],
  ['12:30', { name: '12:30' }],
  ['6.5.0@', { name: '6.5.0@' }],
  ['', {}],
];

const SHORT: readonly (readonly [string, string])[] = [
  ['6.5.1', '6.5.1'],
  [`6.5.1@${DIGEST}`, '6.5.1 (sha256:0c1d2e3)'],
  [DIGEST, 'sha256:0c1d2e3'],
  [`main@sha1:${COMMIT}`, 'main@9a8b7c6'],
  [`sha1:${COMMIT}`, '9a8b7c6'],
  [`v1.0.1@sha1:${COMMIT}`, 'v1.0.1@9a8b7c6'],
  ['main@sha1:9a8b7c6', 'main@sha1:9a8b7c6'],
  [`build-${HEX}`, 'build-0c1d2e3'],
];

describe('a revision as a value', () => {
  test.each([...VALUES])('%p is read once', (text, value) => {
    expect(parseRevision(text)).toEqual(value);
  });

  test('is the same value when its full form is read', () => {
    fc.assert(
      fc.property(fc.oneof(revisionText, fc.string()), (text) => {
        const value = parseRevision(text);
        expect(parseRevision(fullRevision(value))).toEqual(value);
      }),
    );
  });

  test.each([...SHORT])('%p is shown as %p', (text, short) => {
    expect(shortRevision(text)).toBe(short);
  });

  test('has no 64 hex digits in its short form', () => {
    const texts = fc.oneof(
      revisionText,
      fc.string({ unit: fc.constantFrom('a', '0', '@', ':'), size: 'large' }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(shortRevision(text)).not.toMatch(/[0-9a-f]{64}/i);
      }),
    );
  });

  test('has no plus sign in a tag for a registry', () => {
    fc.assert(
      fc.property(revisionText, (text) => {
        const { tag, commit } = parseRevision(text);
        if (commit === undefined) expect(tag ?? '').not.toContain('+');
      }),
    );
  });
});

describe('the revision of a chart from an OCI registry', () => {
  const twelve = HEX.slice(0, 12);

  test.each([
    [`6.5.1+${twelve}`, DIGEST, { fullRevision: `6.5.1@${DIGEST}` }],
    ['6.5.1', DIGEST, { fullRevision: `6.5.1@${DIGEST}` }],
    [`6.5.1+${twelve}`, `latest@${DIGEST}`, { fullRevision: `6.5.1@${DIGEST}`, tag: 'latest' }],
    ['1.0.0+build.7', DIGEST, { fullRevision: `1.0.0+build.7@${DIGEST}` }],
    [`6.5.1+${twelve}`, undefined, {}],
    [`6.5.1+${twelve}`, 'no digest', {}],
    [`main@sha1:${COMMIT}`, DIGEST, {}],
  ] as const)('%p with the artifact %p', (revision, artifact, expected) => {
    expect(withArtifact(revision, artifact)).toEqual(expected);
  });

  test('has the digest as long as the status has room for both', () => {
    const version = `1.0.0-${'a'.repeat(94)}`;
    const digest = `sha256:${'0'.repeat(133)}`;
    expect(withArtifact(version, `@${digest}`)).toEqual({ fullRevision: `${version}@${digest}` });
    expect(withArtifact(`${version}a`, `@${digest}`)).toEqual({});
    expect(withArtifact(version, `@${digest}0`)).toEqual({});
  });

  test('is without build metadata where that counts per cluster', () => {
    const version = `1.0.0+${'3'.repeat(94)}`;
    expect(withoutBuild(version)).toEqual({ fullRevision: '1.0.0' });
    expect(withoutBuild(`${version}3`)).toEqual({});
    expect(withoutBuild('1.0.0+3')).toEqual({ fullRevision: '1.0.0' });
    expect(withoutBuild('1.0.0+4f0c04b70aff.3')).toEqual({ fullRevision: '1.0.0' });
    expect(withoutBuild('1.0.0')).toEqual({});
  });

  test('says its tag for certain only where that is known', () => {
    expect(parseRevision(asChart(`6.5.1@${DIGEST}`, undefined)).tag).toBeUndefined();
    expect(parseRevision(asChart(`6.5.1@${DIGEST}`, 'v6.5.1')).tag).toBe('v6.5.1');
    expect(parseRevision(asChart(`104.1.1@${DIGEST}`, '104.1.1_up57.0.3'))).toMatchObject({
      version: '104.1.1',
      tag: '104.1.1_up57.0.3',
      digest: DIGEST,
    });
    expect(asChart('6.5.1', 'v6.5.1')).toBe('6.5.1');
  });
});
