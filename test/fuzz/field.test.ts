import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type FieldPart, type FieldPath, parseFieldPath } from '../../src/lib/text/field-path.ts';
import { editField } from '../../src/lib/yaml/field.ts';
import { CASES } from '../fixtures/corpus/cases.ts';
import { mutateBytes } from './bytes.ts';
import { runCampaign, shorterTexts, timeoutOf } from './campaign.ts';
import { checkEdited } from './edited.ts';
import type { Random } from './random.ts';

const QUICK = 2000;
const CORPUS = join(import.meta.dir, '../fixtures/corpus');
const SEEDS = await Promise.all(
  CASES.map(async ({ file, fields }) => ({
    text: await Bun.file(join(CORPUS, file)).text(),
    fields: fields.map(({ field }) => field),
  })),
);

const TOKENS = [
  ...['&a ', '*a', '<<: *a\n', '!!str ', '? ', '- ', ': ', '{', '}', '[', ']', ',', '|\n', '>-\n', "'", '"'],
  ...['---\n', '...\n', '\r\n', '\t', '\n  ', '#', ' # x\n', '\ufeff', '{{ .x }}', 'version: 6.0.0\n', '~'],
  ...['tag: \n', 'tag: *a\n', 'name: app, ', '  tag: {}\n', '[a, b]', '"tag": '],
];
const PARTS = ['spec', '.version', '.tag', '[0]', '[*]', '[name=app]', '["a.b"]', '.data', '.image'] as const;
const VALUES = ['6.1.0', '6.10', 'true', "it's", '', '- a', '#', 'a: b', '📚', '\ud800'] as const;

interface Edit {
  readonly text: string;
  readonly path: FieldPath;
  readonly value: string;
}

function mutant(random: Random): Edit {
  const seed = random.pickAny(SEEDS) ?? { text: '', fields: [] };
  const bytes = mutateBytes(seed.text, random, TOKENS);
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  return {
    text,
    path: anyPath(random, seed.fields),
    value: random.chance(0.6) ? '6.1.0' : random.pick(VALUES),
  };
}

/** Mostly one that the file has, or its beginning. */
function anyPath(random: Random, fields: readonly string[]): FieldPath {
  const known = random.pickAny(fields) ?? 'version';
  const text = random.chance(0.8) ? known : `${random.pickAny(known.split('.')) ?? ''}${random.pick(PARTS)}`;
  const path = parseFieldPath(text);
  return 'problem' in path ? { text: 'version', parts: [{ kind: 'member', name: 'version' }] } : path;
}

function check({ text, path, value }: Edit): string {
  const result = editField(text, path, value);
  if (result.edits.length > result.marked) throw new Error('more edits than fields');
  if (result.edits.length === 0 && result.text !== text) throw new Error('changed without an edit');
  if (result.problems.some((problem) => problem.length > 1500)) throw new Error('a problem is long');
  const again = editField(result.text, path, value);
  if (again.text !== result.text || again.edits.length > 0) throw new Error('a second edit changes more');
  if (result.problems.length === 0) checkValues(result, path, value);
  if (result.edits.length > 0) checkEdited(text, result, [value]);
  const word = result.edits.length > 0 ? 'edited' : 'left alone';
  return result.problems.length > 0 ? `${word} and reported` : word;
}

/** What a parser finds by plain objects is as many values as were set, and all of them are the value. */
function checkValues(result: { text: string; marked: number }, { parts }: FieldPath, value: string): void {
  const objects = plainObjects(result.text);
  if (objects === undefined) return;
  const values = objects.flatMap((object) => valuesAt(object, parts));
  if (values.length !== result.marked)
    throw new Error(`${result.marked} fields, but ${values.length} values`);
  const other = values.find((one) => one !== value && String(one).trimEnd() !== value);
  if (other !== undefined) throw new Error(`the field is ${JSON.stringify(other)}`);
}

/** Undefined for a text that is not valid throughout: keys twice and aliases of nothing are not. */
function plainObjects(text: string): unknown[] | undefined {
  const documents = parseAllDocuments(text.replace(/^\ufeff/, ''), {
    schema: 'failsafe',
    logLevel: 'silent',
    prettyErrors: false,
  });
  if (documents.some(({ errors }) => errors.length > 0)) return undefined;
  try {
    return documents.map((document) => document.toJS({ maxAliasCount: -1 }));
  } catch (error) {
    if (error instanceof ReferenceError) return undefined;
    throw error;
  }
}

function valuesAt(node: unknown, parts: readonly FieldPart[]): unknown[] {
  const [part, ...rest] = parts;
  if (part === undefined) return [node];
  return nextOf(node, part).flatMap((next) => valuesAt(next, rest));
}

function nextOf(node: unknown, part: FieldPart): unknown[] {
  if (part.kind === 'member') return own(node, part.name);
  if (!Array.isArray(node)) return [];
  switch (part.kind) {
    case 'item':
      return node.slice(part.index, part.index + 1);
    case 'every-item':
      return node;
    case 'items-with':
      return node.filter((one) => own(one, part.member)[0] === part.value);
  }
}

function own(node: unknown, name: string): unknown[] {
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return [];
  return Object.hasOwn(node, name) ? [Object.getOwnPropertyDescriptor(node, name)?.value] : [];
}

test(
  'an edit of any text changes what stands at the path and no other byte',
  async () => {
    const result = await runCampaign({
      name: 'named fields',
      quick: QUICK,
      mutant,
      check,
      show: ({ text, path, value }) => `${JSON.stringify(text)}, ${path.text} and ${JSON.stringify(value)}`,
      *shrink(edit) {
        for (const text of shorterTexts(edit.text)) yield { ...edit, text };
      },
    });
    expect(result.faults).toEqual([]);
    expect(result.slowestMs).toBeLessThan(15_000);
    expect(result.heapGrowth).toBeLessThan(20);
    expect(result.rssGrowth).toBeLessThan(150);
  },
  timeoutOf(QUICK),
);
