import { stringify } from 'yaml';
import { event } from '../fakes/pipeline.ts';
import { pipelineOf, reviewOf, SPECS } from './seeds.ts';
import type { Json } from './tree.ts';

/** Inputs that are small to write and dear to read, by what they are. */

export const KEY = 'apps:podinfo:prod';
const MARK = `# {"$promotion": "${KEY}"}`;
/** Just below what the listeners take. */
const LARGE = 2_900_000;

const open = (text: string, times: number) => text.repeat(times);
const nested = (times: number) => '['.repeat(times) + ']'.repeat(times);

/** JSON with raw text in the place of the text "@". */
function withRaw(value: Json, raw: string): string {
  return JSON.stringify(value).replace('"@"', () => raw);
}

function create(spec: string): string {
  return withRaw(reviewOf({ object: pipelineOf('@') }), spec);
}

function update(spec: string): string {
  const review = reviewOf({ operation: 'UPDATE', object: pipelineOf('@'), oldObject: pipelineOf('@') });
  // The change is elsewhere, so that each old fault is compared with each new one.
  return withRaw(JSON.parse(withRaw(review, `${spec.slice(0, -1)},"suspend":1}`)), spec);
}

/** The first good spec with this text as its URL. */
function withUrl(url: string): string {
  return create(JSON.stringify(SPECS[0]).replace('https://github.com/example/fleet', url));
}

function grid(environments: number, targets: number): string {
  const environment = `{"targets":[${open('1,', targets - 1)}1]}`;
  return `{"environments":[${`${environment},`.repeat(environments - 1)}${environment}]}`;
}

/** Bodies for the admission webhook. */
export const REVIEWS: readonly (readonly [string, string])[] = [
  ['a body of 100,000 levels', open('[', 100_000)],
  ['a spec of 100,000 levels', create(nested(100_000))],
  ['an endless chain of environments', create(open('{"environments":', 100_000))],
  ['a spec of 90 levels', create(nested(90))],
  ['a million entries', create(`{"environments":[${open('1,', 1_000_000)}1]}`)],
  ['100,000 environments', create(`{"environments":[${open('{"name":"a"},', 100_000)}{}]}`)],
  ['990 environments of 990 targets', create(grid(990, 990))],
  [
    '200,000 unknown fields',
    create(`{${Array.from({ length: 200_000 }, (_, at) => `"k${at}":1`).join(',')}}`),
  ],
  ['a URL of 60,000 colons', withUrl(`ssh://${open(':', 60_000)}`)],
  ['a URL of 2.9 million at signs', withUrl(`https://${open('@', LARGE)}`)],
  ['a URL of 2.9 million letters', withUrl(`https://${open('a', LARGE)}`)],
  ['an operation of 2.9 million letters', create('{}').replace('CREATE', open('u', LARGE))],
];

/** Updates that leave many faults as they were: these are warned of. */
export const UPDATES: readonly (readonly [string, string])[] = [
  ['90 times 90 faults', update(grid(90, 90))],
  ['200 times 200 faults', update(grid(200, 200))],
  ['1000 faulty environments', update(grid(1000, 1))],
];

/** Signed bodies for the promotion webhook. */
export const EVENTS: readonly (readonly [string, string])[] = [
  ['a body of a million levels', open('[', 1_000_000)],
  [
    'metadata of 100,000 levels',
    withRaw(anEvent({ metadata: '@' }), `${open('{"a":', 100_000)}1${open('}', 100_000)}`),
  ],
  [
    'metadata that is a list of a million entries',
    withRaw(anEvent({ metadata: '@' }), `[${open('1,', 1_000_000)}1]`),
  ],
  ['metadata of 100,000 keys that hold no texts', withRaw(anEvent({ metadata: '@' }), manyKeys(100_000))],
  ['a key of 2.9 million letters', withRaw(anEvent({ metadata: '@' }), `{"${open('k', LARGE)}":1}`)],
  ['a revision of 2.9 million digits', JSON.stringify(anEvent({ metadata: { revision: open('1', LARGE) } }))],
  [
    'a timestamp of 2.9 million digits',
    JSON.stringify(anEvent({ timestamp: `2026-11-21T${open('0', LARGE)}` })),
  ],
  [
    'an API version of 2.9 million slashes',
    withRaw(anEvent({ involvedObject: { apiVersion: '@', kind: 'a', name: 'b' } }), `"${open('/', LARGE)}"`),
  ],
  ['a list of 1.4 million entries', `[${open('1,', 1_400_000)}1]`],
];

function anEvent(change: { [key: string]: Json }): Json {
  return { ...(JSON.parse(JSON.stringify(event())) as { [key: string]: Json }), ...change };
}

function manyKeys(count: number): string {
  return `{${Array.from({ length: count }, (_, at) => `"k${at}":1`).join(',')}}`;
}

function laughs(levels: number, indent = ''): string {
  const lines = Array.from(
    { length: levels },
    (_, at) => `${indent}a${at + 1}: &a${at + 1} [*a${at}, *a${at}]\n`,
  );
  return `${indent}a0: &a0 [x, x]\n${lines.join('')}`;
}

/** Files with a marker that must be left alone, with a sentence. */
export const REFUSED_FILES: readonly (readonly [string, string])[] = [
  ['a list of 100,000 levels', `v: 1 ${MARK}\nx: ${open('[', 100_000)}`],
  ['an object of 100,000 levels', `v: 1 ${MARK}\nx: ${open('{a: ', 100_000)}`],
  ['100,000 dashes', `v: 1 ${MARK}\nx:\n${open('- ', 100_000)}`],
  ['100,000 question marks', `v: 1 ${MARK}\n${open('? ', 100_000)}`],
  ['a million entries', `v: 1 ${MARK}\nx: [${open('a,', 1_000_000)}a]\n`],
  ['more than 5 MiB', `v: 1 ${MARK}\nx: ${open('a', 5 * 1024 * 1024)}\n`],
  ['1,001 markers', open(`v: 1 ${MARK}\n`, 1001)],
  [
    'a marker with a list of 4 million levels in it',
    `v: 1 ${MARK.slice(0, -1)}, "x": ${open('[', 4_000_000)}\n`,
  ],
  ['100,000 anchors of one value', `v: 1 ${MARK}\nx: ${open('&a ', 100_000)}1\n`],
];

/** Files with markers that are odd and yet good: each of them is to be edited. */
export const EDITED_FILES: readonly (readonly [string, string])[] = [
  ['aliases that stand for 2 to the power of 90 values', `v: 1 ${MARK}\n${laughs(90)}`],
  ['a line of 5 million letters', `v: 1 ${MARK}\nx: ${open('a', 5_000_000)}\n`],
  ['a marked value of 5 million letters', `v: ${open('a', 5_000_000)} ${MARK}\n`],
  ['a marked block with 60,000 blank lines', `v: | ${MARK}\n  a\n${open('\n', 60_000)}  b\n`],
  [
    '1,000 markers below a block of 200,000 lines',
    `x: |\n  a\n${open('\n', 200_000)}${open(`v: 1 ${MARK}\n`, 1000)}`,
  ],
  [
    'a block of text that has the word 300,000 times',
    `v: 1 ${MARK}\nx: |\n${open('  # {$promotion\n', 300_000)}`,
  ],
  ['30,000 keys', `v: 1 ${MARK}\n${Array.from({ length: 30_000 }, (_, at) => `k${at}: 1\n`).join('')}`],
];

function manifest(spec: string): string {
  return `apiVersion: pipelines.weave.works/v1alpha1\nkind: Pipeline\nmetadata: {name: a, namespace: b}\nspec: ${spec}\n`;
}

/** Manifests for `turnpike validate`, all of them faulty. */
export const MANIFESTS: readonly (readonly [string, string])[] = [
  ['a list of 100,000 levels', manifest(open('[', 100_000))],
  ['an object of 100,000 levels', manifest(open('{a: ', 100_000))],
  ['JSON of 100,000 levels', open('{"a":', 100_000)],
  [
    'aliases that stand for 2 to the power of 90 environments',
    manifest(`\n${laughs(90, '  ')}  environments: *a90`),
  ],
  ['an alias inside of itself', manifest('&a [*a]')],
  ['merge keys that copy each other', manifest(`\n  a0: &a0 {x: 1}\n${merges(90)}  <<: *a90`)],
  ['a line of 5 million letters', manifest(`{appRef: ${open('x', 5_000_000)}}`)],
  ['100,000 environments', manifest(`\n  environments:\n${open('    - {name: a}\n', 100_000)}`)],
  ['a million entries', manifest(`{environments: [${open('1,', 1_000_000)}]}`)],
  [
    'a URL of 60,000 colons',
    stringify(pipelineOf(SPECS[0])).replace(
      'https://github.com/example/fleet',
      `"ssh://${open(':', 60_000)}"`,
    ),
  ],
  ['a file of 11 MiB', open('x', 11 * 1024 * 1024)],
];

function merges(levels: number): string {
  return Array.from(
    { length: levels },
    (_, at) => `  a${at + 1}: &a${at + 1} {<<: [*a${at}, *a${at}], y${at}: 1}\n`,
  ).join('');
}
