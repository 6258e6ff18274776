import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { errorsOf, lines, pipelineYaml, stream, validate } from '../../../fakes/validate-command.ts';

const MIB = 2 ** 20;
const ALIASES = Array.from(
  { length: 30 },
  (_, index) => `  a${index + 1}: &a${index + 1} [*a${index}, *a${index}]\n`,
);
const LIST = 'apiVersion: v1\nkind: List\nitems:\n';
const merges = `b: &b {${Array.from({ length: 1000 }, (_, index) => `k${index}: 1`).join(', ')}}\n`;

/** A text, and how the only line about it starts. */
const REFUSED: [string, () => string, string][] = [
  ['what is no YAML', () => 'a: [1', '-:1:6: This is not YAML: '],
  [
    'one broken document among others',
    () => stream('a: 1\n', 'b: "\n', 'c: 1\n'),
    '-:4:1: This is not YAML: ',
  ],
  ['a key that is written twice', () => 'a: 1\nb: 2\n"a": 3\n', '-:3:1: This key is already in line 1: '],
  ['lists in lists', () => '['.repeat(9 * MIB), '-:1:201: It nests deeper than 200 levels here.'],
  ['items in items', () => '- '.repeat(4 * MIB), '-:1:'],
  ['maps in maps', () => '{a: '.repeat(2 * MIB), '-:1:'],
  ['explicit keys in keys', () => '? '.repeat(4 * MIB), '-:1:'],
  ['endless lists', () => `[${'a,'.repeat(4 * MIB)}]`, '-:1:'],
  [
    'an alias before its anchor',
    () => 'a: *b\nb: &b 1\n',
    '-:1:4: No anchor for this alias comes before it.',
  ],
  ['an alias of itself', () => 'a: &a\n  b: [1, *a]\n', '-:2:10: This alias is inside its own anchor.'],
  ['merges of no map', () => 'a: {<<: 1}\n', '-:1:5: A merge key (<<) takes a map, or a list of maps.'],
  [
    'endless merges',
    () => merges + Array.from({ length: 1000 }, (_, index) => `m${index}: {<<: *b}\n`).join(''),
    '-:202:8: The merge keys',
  ],
  ['keys that are no texts', () => '? [a]\n: 1\n', '-:1:3: This key is not a string'],
  ['control characters', () => 'a: 1\nb: \u001b[31m\n', '-:2:4: There is a control character here'],
];

describe('hostile input', () => {
  test.each(REFUSED)(
    'is refused with a line: %s',
    async (_, text, start) => {
      const [first = '', ...more] = await errorsOf(text());
      expect(first.slice(0, start.length)).toBe(start);
      if (!start.includes('merge keys')) expect(more).toEqual([]);
      expect(first.length).toBeLessThan(200);
    },
    30_000,
  );

  test('may hold aliases that would be endless if spelled out', async () => {
    const bomb = `  a0: &a0 [x]\n${ALIASES.join('')}`;
    expect(await errorsOf(`unused:\n${bomb}`)).toEqual([]);
    const pipeline = pipelineYaml({ 'spec:\n': `spec:\n${bomb}` });
    expect(await errorsOf(pipeline)).toEqual([
      '-:1:1: This object is larger than 1.5 MiB with its aliases expanded: the API server does not accept it.',
    ]);
    const secret = `{apiVersion: v1, kind: Secret, metadata: {name: x}, stringData: {a: ${'x'.repeat(MIB)}}}`;
    const list = await validate(['-'], { input: `x: &x ${secret}\n${LIST}${'- *x\n'.repeat(5000)}` });
    expect(lines(list.out)).toHaveLength(1);
    expect(list.out).toContain('This is too much to check at once, from here on: name fewer files.');
  }, 30_000);

  test('is cut off where a Pipeline has more faults than anyone reads', async () => {
    const targets = `targets: [${'{},'.repeat(90)}]`;
    const environments = Array.from(
      { length: 90 },
      (_, index) => `    - {name: e${index}, ${targets}}\n`,
    ).join('');
    const started = performance.now();
    const found = await errorsOf(pipelineYaml({ '    - name: dev\n': `${environments}    - name: dev\n` }));
    expect(found).toHaveLength(201);
    expect(found.at(-1) ?? '').toMatch(
      /There are \d+ more errors in this Pipeline: fix these first\.$|\[\d+\]/,
    );
    expect(performance.now() - started).toBeLessThan(20_000);
    const strange = Array.from({ length: 5000 }, (_, index) => `  s${index}: 1\n`).join('');
    expect((await errorsOf(pipelineYaml({ 'spec:\n': `spec:\n${strange}` }))).length).toBe(100);
  }, 60_000);

  test.each([
    ['UTF-16', new Uint8Array([0xff, 0xfe, 0x61, 0]), 'The file is in UTF-16: save it as UTF-8.'],
    ['binary', new Uint8Array([0x80, 0x81]), 'This is not text in UTF-8.'],
    ['NUL', 'a: \0', 'There is a control character here: this is not YAML or JSON text.'],
  ])('is named when it is %s', async (_, input, sentence) => {
    expect((await validate(['-'], { input })).out).toEndWith(` ${sentence}\n`);
  });

  test('prints no control characters, whatever its fields and values are called', async () => {
    const { out } = await validate(['-'], {
      input: pipelineYaml({ 'spec:\n': 'spec:\n  "\\e[31m\\u2028\\u202e": 1\n' }),
    });
    expect(out).toBe(
      '-:7:3: spec["\\u001b[31m??"]: Unknown field: remove it, or write one of appRef, revision, artifacts, environments, promotion, suspend.\n',
    );
  });

  test('prints none as JSON either', async () => {
    const input = pipelineYaml({ 'spec:\n': 'spec:\n  "\\u009b31m\\u202e": 1\n' });
    const { out } = await validate(['-', '-o', 'json'], { input });
    expect(out).not.toMatch(/[\u009b\u202e]/);
    expect(JSON.stringify(JSON.parse(out).problems)).toMatch(/\u202e/);
  });

  test('has custom tags that change nothing', async () => {
    const tagged = pipelineYaml({
      'spec:\n': 'spec: !thing\n',
      'name: dev': 'name: !env dev',
      'name: hook': 'name: !!str hook',
    });
    expect((await validate(['-'], { input: tagged })).code).toBe(0);
  });

  test('never quotes what it cannot parse, which may be a secret', async () => {
    for (const text of [
      'token: "hunter2',
      'token: a: hunter2',
      'token: |hunter2\n  x',
      'hunter2: - 1',
      '"\\hunter2"',
      '%hunter2 x\na: @hunter2',
      'a: !hunter2 {hunter2',
    ]) {
      const { code, out } = await validate(['-'], { input: text });
      expect({ code, out }).toEqual({ code: 1, out: expect.not.stringContaining('unter2') });
    }
  });

  test('of any kind makes no crash, and every line has its place', async () => {
    const mutation = fc.record({
      at: fc.nat(600),
      cut: fc.nat(20),
      put: fc.oneof(
        fc.string({ maxLength: 8 }),
        fc.constantFrom(
          '<<: *a',
          '&a ',
          '*a',
          '[',
          '{',
          '}',
          '"',
          "'",
          '|\n',
          '- ',
          '? ',
          ': ',
          '\n---\n',
          '\n...\n',
          '%',
          '!!int ',
          '\t',
          '\r\n',
          '  ',
          'null',
          '#',
        ),
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 6 }), async (mutations) => {
        const input = mutations.reduce(
          (text, { at, cut, put }) => text.slice(0, at) + put + text.slice(at + cut),
          pipelineYaml(),
        );
        const { code, out, err } = await validate(['-'], { input });
        expect(code).toBe(out === '' ? 0 : 1);
        for (const line of lines(out)) expect(line).toMatch(/^-:[1-9]\d*:[1-9]\d*: ./);
        expect(lines(err).at(-1) ?? '').toMatch(/\.$/);
      }),
      { numRuns: 500 },
    );
  }, 60_000);
});
