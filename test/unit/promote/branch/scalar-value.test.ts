import { describe, expect, test } from 'bun:test';
import { valueFor } from '../../../../src/promote/branch/edit/scalar-value.ts';
import { COMMIT, DIGEST } from '../../decide/revision/arbitraries.ts';

const OLD = `sha256:${'0'.repeat(64)}`;
const FULL = `1.9.1@${DIGEST}`;

describe('a marked image', () => {
  test.each([
    ['ghcr.io/acme/shop:1.9.0', '1.9.1', 'revision', 'ghcr.io/acme/shop:1.9.1'],
    ['ghcr.io/acme/shop:1.9.0', FULL, 'revision', `ghcr.io/acme/shop:1.9.1@${DIGEST}`],
    ['ghcr.io/acme/shop:1.9.0', FULL, 'tag', 'ghcr.io/acme/shop:1.9.1'],
    [`ghcr.io/acme/shop:1.9.0@${OLD}`, FULL, 'revision', `ghcr.io/acme/shop:1.9.1@${DIGEST}`],
    [`ghcr.io/acme/shop:1.9.0@${OLD}`, FULL, 'tag', `ghcr.io/acme/shop:1.9.1@${DIGEST}`],
    [`ghcr.io/acme/shop:1.9.0@${OLD}`, '1.9.1', 'revision', 'ghcr.io/acme/shop:1.9.1'],
    [`ghcr.io/acme/shop@${OLD}`, FULL, 'revision', `ghcr.io/acme/shop@${DIGEST}`],
    ['localhost:5000/shop:1.9.0', '1.9.1', 'revision', 'localhost:5000/shop:1.9.1'],
    ['shop:1.9.0', '1.9.1', 'revision', 'shop:1.9.1'],
    ['shop:v1.9.0', 'v1.9.1', 'version', 'shop:1.9.1'],
    ['shop:0123456', `main@sha1:${COMMIT}`, 'commit', `shop:${COMMIT}`],
    ['shop:1', `main@sha1:${COMMIT}`, 'tag', 'shop:main'],
    ['shop:42', '43', 'revision', 'shop:43'],
    ['acme/shop:1.9.0', `1.9.1+0c1d2e3f4a5b@v1.9.1@${DIGEST}`, 'revision', 'acme/shop:1.9.1'],
    [`acme/shop:1.9.0@${OLD}`, `1.9.1+0c1d2e3f4a5b@v1.9.1@${DIGEST}`, 'tag', 'acme/shop:v1.9.1'],
  ] as const)('%p becomes, by %p and its %p, %p', (text, revision, part, value) => {
    expect(valueFor({ text, key: 'image' }, revision, { part })).toEqual({ value });
    expect(valueFor({ text, key: 'ref' }, revision, { part })).toEqual({ value });
  });

  test.each([
    ['localhost:5000/shop', '1.9.1', 'neither tag nor digest'],
    ['ghcr.io/acme/shop', '1.9.1', 'neither tag nor digest'],
    [`ghcr.io/acme/shop@${OLD}`, '1.9.1', 'pinned to a digest'],
    ['ghcr.io/acme/shop:1.9.0', '1.9.1 beta', 'neither a tag nor a digest'],
    ['https://example.com/shop:1.9.0', '1.9.1', 'contains a version among other things'],
    ['nginx', '1.9.1', 'neither tag nor digest'],
    ['shop:1.9.0', `main@sha1:${COMMIT}`, 'neither a tag nor a digest'],
  ])('%p is left alone for %p: %p', (text, revision, words) => {
    expect(valueFor({ text, key: 'image' }, revision, { part: 'revision' })).toEqual({
      reason: expect.stringContaining(words),
    });
  });
});

describe('another value', () => {
  test.each([
    '1.9.0',
    'v1.9.0',
    '1.9.0+build.7',
    'latest',
    'main',
    '',
    '>=1.0.0 <2.0.0',
    `6.5.0@${OLD}`,
    OLD,
    COMMIT,
    `main@sha1:${COMMIT}`,
  ])('%p is replaced whole', (text) => {
    expect(valueFor({ text, key: 'version' }, FULL, { part: 'revision' })).toEqual({ value: FULL });
  });

  test('is replaced whole where what is written looks alike', () => {
    const tag = { text: 'shop/1.9.0', key: 'tag' };
    expect(valueFor(tag, `shop/1.9.1@sha1:${COMMIT}`, { part: 'tag' })).toEqual({ value: 'shop/1.9.1' });
    expect(valueFor(tag, '1.9.1', { part: 'tag' })).toHaveProperty('reason');
  });

  test('that is an image without a tag is left alone without a key too', () => {
    const image = { text: 'ghcr.io/acme/shop', key: undefined };
    expect(valueFor(image, '1.9.1', { part: 'revision' })).toHaveProperty('reason');
  });

  test.each([
    'shop 1.9.0',
    'charts/shop-1.9.0.tgz',
    'oci://ghcr.io/acme/shop',
    'https://example.com/v1.9.0/install.yaml',
  ])('%p only contains a version, and is refused', (text) => {
    expect(valueFor({ text, key: 'version' }, '1.9.1', { part: 'revision' })).toEqual({
      reason: expect.stringContaining('only a whole value or the tag of an image is set'),
    });
  });
});
