import { describe, expect, test } from 'bun:test';
import { parseRevisionPath } from '../../../../src/decide/model/revision-path.ts';
import { type PathValue, pathValue } from '../../../../src/decide/observation/path-value.ts';
import { COMMIT, DIGEST } from '../revision/arbitraries.ts';

const IMAGES = (image: object) => ({ spec: { images: [{ name: 'ghcr.io/acme/shop', ...image }] } });
const CONTAINERS = (...images: unknown[]) => ({
  spec: { template: { spec: { containers: images.map((image, index) => ({ name: `c${index}`, image })) } } },
});
const VALUES = (values: object, valuesFrom?: object[]) => ({
  spec: { values, ...(valuesFrom && { valuesFrom }) },
});
const TAG = '.spec.values.image.tag';
const NEW_TAG = '.spec.images[name=ghcr.io/acme/shop].newTag';
const FIRST = '.spec.template.spec.containers[0].image';
const SECRET = 'hunter2 is the password';

const CASES: readonly [what: string, object: object, path: string, found: PathValue][] = [
  ['a tag', VALUES({ image: { tag: '1.9.0' } }), TAG, { value: '1.9.0' }],
  ['a tag that is no version', VALUES({ image: { tag: 'latest' } }), TAG, { value: 'latest' }],
  ['a tag with its digest', VALUES({ image: { tag: `1.9.0@${DIGEST}` } }), TAG, { value: `1.9.0@${DIGEST}` }],
  [
    'a version with build metadata',
    VALUES({ appVersion: '1.0.0+build.7' }),
    '.spec.values.appVersion',
    { value: '1.0.0+build.7' },
  ],
  ['a commit', VALUES({ configRef: COMMIT }), '.spec.values.configRef', { value: COMMIT }],
  [
    'a branch and its commit',
    VALUES({ configRef: `main@sha1:${COMMIT}` }),
    '.spec.values.configRef',
    { value: `main@sha1:${COMMIT}` },
  ],
  ['a digest', IMAGES({ digest: DIGEST }), '.spec.images[name=ghcr.io/acme/shop].digest', { value: DIGEST }],
  ['a new tag', IMAGES({ newTag: '1.9.0' }), NEW_TAG, { value: '1.9.0' }],
  [
    'a new tag and a digest',
    IMAGES({ newTag: '1.9.0', digest: DIGEST }),
    NEW_TAG,
    { value: `1.9.0@${DIGEST}` },
  ],
  [
    'a variable',
    { spec: { postBuild: { substitute: { version: '1.9.0' } } } },
    '.spec.postBuild.substitute.version',
    { value: '1.9.0' },
  ],
  ['an image with a tag', CONTAINERS('ghcr.io/acme/shop:1.9.0'), FIRST, { value: '1.9.0' }],
  ['an image with a port and a tag', CONTAINERS('localhost:5000/shop:1.9.0'), FIRST, { value: '1.9.0' }],
  [
    'an image with both',
    CONTAINERS(`ghcr.io/acme/shop:1.9.0@${DIGEST}`),
    FIRST,
    { value: `1.9.0@${DIGEST}` },
  ],
  ['an image with a digest', CONTAINERS(`ghcr.io/acme/shop@${DIGEST}`), FIRST, { value: DIGEST }],
  ['an image of Docker Hub', CONTAINERS('shop:1.9.0'), FIRST, { value: '1.9.0' }],
  ['a number for a tag of an image', CONTAINERS('shop:42'), FIRST, { value: '42' }],
  ['an image with a digest alone', CONTAINERS(`shop@${DIGEST}`), FIRST, { value: DIGEST }],
  [
    'a version with its digest where an image is',
    VALUES({ image: `1.9.0@${DIGEST}` }),
    '.spec.values.image',
    { value: `1.9.0@${DIGEST}` },
  ],
  [
    'two images of which one has a digest',
    {
      spec: {
        images: [
          { name: 'a', newTag: '1' },
          { name: 'a', newTag: '1', digest: DIGEST },
        ],
      },
    },
    '.spec.images[name=a].newTag',
    { fault: 'differs' },
  ],
  ['an image with a port and no tag', CONTAINERS('localhost:5000/shop'), FIRST, { fault: 'untagged' }],
  ['an image without a tag', CONTAINERS('ghcr.io/acme/shop'), FIRST, { fault: 'untagged' }],
  ['nothing', VALUES({}), TAG, { fault: 'absent' }],
  ['an empty text', VALUES({ image: { tag: '' } }), TAG, { fault: 'absent' }],
  ['a number', VALUES({ image: { tag: 1.1 } }), TAG, { fault: 'number' }],
  ['a mapping', VALUES({ image: { tag: { a: 1 } } }), TAG, { fault: 'no-scalar' }],
  ['a truth', VALUES({ image: { tag: true } }), TAG, { fault: 'no-scalar' }],
  ['a sentence', VALUES({ image: { tag: SECRET } }), TAG, { fault: 'unfit' }],
  ['a key', VALUES({ image: { tag: '-----BEGIN PRIVATE KEY-----' } }), TAG, { fault: 'unfit' }],
  ['a long text', VALUES({ image: { tag: 'a'.repeat(600) } }), TAG, { fault: 'unfit' }],
  [
    'a digest that is as long as a revision may be',
    VALUES({ image: { tag: `1.9.0@sha256:${'a'.repeat(499)}` } }),
    TAG,
    { value: `1.9.0@sha256:${'a'.repeat(499)}` },
  ],
  ['a long digest', VALUES({ image: { tag: `1.9.0@sha256:${'a'.repeat(500)}` } }), TAG, { fault: 'unfit' }],
  ['unseen characters', VALUES({ image: { tag: '1.9.0\u200b' } }), TAG, { fault: 'unfit' }],
  [
    'two elements that differ',
    {
      spec: {
        images: [
          { name: 'a', newTag: '1' },
          { name: 'a', newTag: '2' },
        ],
      },
    },
    '.spec.images[name=a].newTag',
    { fault: 'differs' },
  ],
  [
    'two elements that are the same',
    {
      spec: {
        images: [
          { name: 'a', newTag: '1' },
          { name: 'a', newTag: '1' },
        ],
      },
    },
    '.spec.images[name=a].newTag',
    { value: '1' },
  ],
  ...(['image.tag', 'image', 'image.tag.more', 'image[0]'] as const).map(
    (targetPath): [string, object, string, PathValue] => [
      `what a value from elsewhere sets at ${targetPath}`,
      VALUES({ image: { tag: '1.9.0' } }, [{ kind: 'ConfigMap', name: 'x', targetPath }]),
      TAG,
      { fault: 'overridden' },
    ],
  ),
  ...(
    [
      {},
      { targetPath: 'replicas' },
      { targetPath: 'image.repository' },
      { targetPath: 'image\\.tag' },
    ] as const
  ).map((more): [string, object, string, PathValue] => [
    `a tag beside values from elsewhere ${JSON.stringify(more)}`,
    VALUES({ image: { tag: '1.9.0' } }, [{ kind: 'ConfigMap', name: 'x', ...more }]),
    TAG,
    { value: '1.9.0' },
  ]),
];

describe('what stands at a path of an application', () => {
  test.each([...CASES])('%s', (_, object, path, found) => {
    expect(pathValue(object, parseRevisionPath(path))).toEqual(found);
  });
});
