import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { keysNamed } from '../../../../src/lib/yaml/marker/comment.ts';
import { mentionsKey } from '../../../../src/lib/yaml/marker.ts';
import { editMarked } from './edit-marked.ts';

const KEY = 'apps:podinfo:prod';
const MARK = '# {"$promotion": "apps:podinfo:prod"}';

/** What a YAML file may hold around the marked scalar. */
const content = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 8 }),
  fc.oneof(
    { maxDepth: 3 },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.constant('one\n\n  two # three\n'),
    fc.array(fc.oneof(fc.string(), fc.dictionary(fc.string({ minLength: 1 }), fc.integer())), {
      maxLength: 4,
    }),
  ),
  { maxKeys: 5 },
);

/** Values as a promotion may carry them: no line ends, no control characters, whole characters only. */
const value = fc
  .oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^[-+.:0-9a-fxoTZ_]{1,12}$/),
  )
  .filter((text) => !/\p{Cc}/u.test(text));

const quoting = fc.constantFrom(
  (text: string) => text,
  (text: string) => `'${text}'`,
  (text: string) => `"${text}"`,
  (text: string) => `&anchor ${text}`,
  (text: string) => `!!str '${text}'`,
);

/** Pieces that YAML files are made of, thrown together: most results are no valid YAML. */
const rubble = fc
  .array(
    fc.constantFrom(
      ...[
        'a',
        'b: ',
        '- ',
        ': ',
        '? ',
        '\n',
        '\n',
        '\n  ',
        '\n\t',
        '\r\n',
        '"',
        "'",
        '|',
        '>-',
        '\n    x',
        '[',
        ']',
      ],
      ...['{', '}', ', ', '&a ', '*a', '!!str ', '!x ', '---', '...', '%YAML 1.1\n', '#', ' #', '\u0002'],
      ...[
        '\u0018',
        '\u001f',
        ` ${MARK}`,
        ` ${MARK}\n`,
        `${MARK}\n`,
        `: 1.0.0 ${MARK}\n`,
        '1.0.0',
        '{{ .x }}',
        '',
      ],
    ),
    { maxLength: 40 },
  )
  .chain((pieces) => fc.constantFrom('', '\ufeff').map((start) => start + pieces.join('')));

describe('an edit of a marked scalar', () => {
  test('changes nothing but the scalar, whatever stands around it', () => {
    const lineEnd = fc.constantFrom('\n', '\r\n');
    fc.assert(
      fc.property(content, content, quoting, value, lineEnd, (before, after, quote, to, end) => {
        const around = (scalar: string) =>
          [`before:`, indented(before), `target: ${scalar} ${MARK}`, 'after:', indented(after), '']
            .join('\n')
            .replaceAll(/\r?\n/g, end);
        const text = around(quote('1.0.0'));
        const result = editMarked(text, KEY, to);
        expect(result.problems).toEqual([]);
        const [head = '', tail = ''] = around('\u0000').split('\u0000');
        expect(result.text.startsWith(head) && result.text.endsWith(tail)).toBe(true);
        expect(parse(result.text).target).toBe(to);
        expect(editMarked(result.text, KEY, to)).toMatchObject({ text: result.text, edits: [], marked: 1 });
      }),
    );
  });

  test('gives the value back as a string from every style', () => {
    const styles = ['a: 1.0.0', "a: '1.0.0'", 'a: "1.0.0"', 'a: |', 'a: >', 'a:', 'a: !!str 1', 'a: &x 1'];
    fc.assert(
      fc.property(fc.constantFrom(...styles), value, (style, to) => {
        const text = `${style} ${MARK}\n${/[|>]$/.test(style) ? '  1.0.0\n' : ''}b: 1\n`;
        const result = editMarked(text, KEY, to);
        expect(parse(result.text)).toEqual({ a: to, b: 1 });
        expect(parse(result.text, { version: '1.1' })).toEqual({ a: to, b: 1 });
        expect(editMarked(result.text, KEY, to).edits).toEqual([]);
      }),
    );
  });

  test('never throws, and leaves every other value as it was, on text that is hardly YAML', () => {
    fc.assert(
      fc.property(rubble, (text) => {
        const result = editMarked(text, KEY, '6.1.0');
        expect(editMarked(result.text, KEY, '6.1.0')).toMatchObject({ text: result.text, edits: [] });
        if (result.edits.length === 0) expect(result.text).toBe(text);
        else expect(leaves(result.text).length).toBe(leaves(text).length);
      }),
      { numRuns: 3000 },
    );
  });

  test('never throws on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 200 }), (head, tail) => {
        const decode = (bytes: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
        const result = editMarked(`${decode(head)} ${MARK}${decode(tail)}`, KEY, '6.1.0');
        expect(result.edits.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 1000 },
    );
  });
});

function indented(content: Record<string, unknown>): string {
  return stringify(content)
    .replaceAll(/^(?=.)/gm, '  ')
    .trimEnd();
}

/** All scalars of all documents, keys included. */
function leaves(text: string): unknown[] {
  const flatten = (node: unknown): unknown[] => {
    if (typeof node !== 'object' || node === null) return [node];
    return Object.entries(node).flatMap(([key, child]) => [key, ...flatten(child)]);
  };
  return parseAllDocuments(text.replace(/^\ufeff/, ''), {
    schema: 'failsafe',
    uniqueKeys: false,
    logLevel: 'silent',
  }).flatMap((document) => (document.errors.length > 0 ? [] : flatten(document.contents?.toJSON())));
}

describe('the keys that a line names', () => {
  const piece = fc.constantFrom(
    KEY,
    'apps:podinfo:',
    'apps',
    'podinfo',
    'prod',
    'prod-eu',
    ':',
    ':',
    ':',
    '.',
    '/',
    '"',
    ' ',
    'é',
    '\\',
    'tag',
  );
  const line = fc.array(piece, { maxLength: 12 }).map((pieces) => `$promotion": "${pieces.join('')}`);

  test('are those that the screen for one key would let pass', () => {
    fc.assert(
      fc.property(line, (text) => {
        for (const key of [KEY, 'apps:podinfo:prod-eu', 'prod:apps:tag']) {
          expect(keysNamed(text).includes(key)).toBe(mentionsKey(text, key));
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
