import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { Document, parse, visit } from 'yaml';
import { errorsOf, pipelineYaml, stream } from '../../../fakes/validate-command.ts';

/** `line:column` and field of each line that is printed. */
async function places(text: string | Uint8Array): Promise<string[]> {
  return (await errorsOf(text)).map((line) => /^-:(\d+:\d+: [^ ]+): /.exec(line)?.[1] ?? line);
}

const HEAD =
  'apiVersion: pipelines.weave.works/v1alpha1\nkind: Pipeline\nmetadata: {name: a, namespace: b}\n';
const APP = '  appRef: {apiVersion: a/v1, kind: A, name: a}\n';

describe('a position', () => {
  test.each([
    [
      'a key in a flow map',
      `${HEAD}spec: {appRef: {apiVersion: a/v1, kind: a, name: a}, environments: [{name: a, targets: [{namespace: a}]}]}`,
      ['4:35: spec.appRef.kind'],
    ],
    [
      'an item of a flow list',
      `${HEAD}spec:\n${APP}  environments: [{name: a, targets: [{namespace: a}]}, 7]`,
      ['6:56: spec.environments[1]'],
    ],
    [
      'an item of a list',
      `${HEAD}spec:\n${APP}  environments:\n  -   name: a\n      targets: [{namespace: a}]\n  - 7`,
      ['9:5: spec.environments[1]'],
    ],
    [
      'the parent of what is missing',
      `${HEAD}spec:\n${APP}  environments:\n  - name: a`,
      ['7:5: spec.environments[0].targets'],
    ],
    [
      'the nearest parent that is there',
      `${HEAD}spec:\n${APP}  environments:\n  - name: a\n    targets: [{namespace: a}]\n    promotion:`,
      ['9:5: spec.environments[0].promotion'],
    ],
    ['the document without anything', HEAD, ['1:1: spec']],
    [
      'quoted and explicit keys',
      `${HEAD}"spec":\n  ? appRef\n  : {apiVersion: a/v1, 'kind': a, name: a}\n  "environments": []`,
      ['6:24: spec.appRef.kind', '7:3: spec.environments'],
    ],
    [
      'what an alias stands for',
      `${HEAD}spec:\n  appRef: &a\n    apiVersion: a/v1\n    kind: a\n    name: a\n  environments:\n  - name: a\n    targets: &t\n    - namespace: A\n  - name: b\n    targets: *t`,
      [
        '7:5: spec.appRef.kind',
        '12:7: spec.environments[0].targets[0].namespace',
        '12:7: spec.environments[1].targets[0].namespace',
      ],
    ],
    [
      'what a merge key brings',
      `x-defaults: &d\n  kind: a\n  name: a\n${HEAD}spec:\n  appRef:\n    apiVersion: a/v1\n    <<: *d\n  environments: [{name: a, targets: [{namespace: a}]}]`,
      ['1:1: x-defaults', '2:3: spec.appRef.kind'],
    ],
    [
      'an own key, which wins over a merged one',
      `${HEAD}spec:\n  appRef:\n    <<: [{kind: b, name: a}, {name: B, apiVersion: a/v1}]\n    kind: a\n  environments: [{name: a, targets: [{namespace: a}]}]`,
      ['7:5: spec.appRef.kind'],
    ],
    ['a document behind others', `# one\n---\na: 1\n...\n%YAML 1.2\n# two\n---\n${HEAD}`, ['8:1: spec']],
    [
      'CRLF line ends',
      HEAD.replaceAll('\n', '\r\n').replace('name: a', 'name: A'),
      ['1:1: spec', '3:12: metadata.name'],
    ],
    ['a byte order mark', `\ufeff${HEAD}`, ['1:1: spec']],
    [
      'a List in a List of documents',
      `a: 1\n---\napiVersion: a/v1\nkind: List\nitems:\n- ${HEAD.trim().replaceAll('\n', '\n  ')}`,
      ['6:3: spec'],
    ],
    [
      'a field with an odd name',
      `${HEAD}spec:\n${APP}  environments: [{name: a, targets: [{namespace: a}]}]\n  "a.b\\"]c": 1`,
      ['7:3: spec["a.b\\"]c"]'],
    ],
    [
      'a field called __proto__',
      `${HEAD}spec:\n${APP}  environments: [{name: a, targets: [{namespace: a}]}]\n  __proto__: {x: 1}`,
      ['7:3: spec.__proto__'],
    ],
    [
      'a field called constructor',
      `${HEAD}spec:\n${APP}  environments: [{name: a, targets: [{namespace: a}]}]\n  constructor: 1`,
      ['7:3: spec.constructor'],
    ],
  ])('is of %s', async (_, text, expected) => {
    expect(await places(text)).toEqual(expected);
  });

  test('is of each key that does not belong there, however the text is laid out', async () => {
    await fc.assert(
      fc.asyncProperty(layouts, async ({ strange, flow, ...layout }) => {
        const { text, keys } = withStrangers(strange, flow, layout);
        const found = (await errorsOf(text)).filter((line) => line.includes('Unknown field'));
        expect(found).toHaveLength(keys.length);
        for (const line of found) {
          const [, row, column, key = ''] = /^-:(\d+):(\d+): \S*(strange\d+)/.exec(line) ?? [];
          const there =
            text
              .replace('\ufeff', '')
              .split('\n')
              [Number(row) - 1]?.slice(Number(column) - 1) ?? '';
          expect(there.replace(/^"/, '')).toStartWith(key);
        }
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});

interface Layout {
  readonly indent: number;
  readonly json: boolean;
  readonly crlf: boolean;
  readonly mark: boolean;
  readonly before: number;
}

/** `strange` and `flow` say by number which maps get a key that does not belong, and which are in flow style. */
const layouts = fc.record({
  strange: fc.uniqueArray(fc.nat(10), { minLength: 1, maxLength: 5 }),
  flow: fc.uniqueArray(fc.nat(10), { maxLength: 4 }),
  indent: fc.constantFrom(2, 4, 7),
  json: fc.boolean(),
  crlf: fc.boolean(),
  mark: fc.boolean(),
  before: fc.nat(3),
});

function withStrangers(strange: readonly number[], flow: readonly number[], layout: Layout) {
  const document = new Document(parse(pipelineYaml()));
  const keys: string[] = [];
  let index = 0;
  visit(document, {
    Map(_, map) {
      if (strange.includes(index)) {
        const key = `strange${index}`;
        keys.push(key);
        map.items.splice(index % (map.items.length + 1), 0, document.createPair(key, [1, 'x']));
      }
      if (flow.includes(index)) map.flow = true;
      index += 1;
      return undefined;
    },
  });
  const own = layout.json
    ? `${JSON.stringify(document.toJS(), null, layout.indent)}\n`
    : document.toString({ indent: layout.indent, lineWidth: 30, flowCollectionPadding: layout.mark });
  const text = stream(...new Array<string>(layout.before).fill('# another\na: |\n  text\n'), own);
  const ended = layout.crlf ? text.replaceAll('\n', '\r\n') : text;
  return { keys, text: layout.mark ? `\ufeff${ended}` : ended };
}
