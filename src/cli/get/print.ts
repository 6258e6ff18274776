import { Document, Scalar, visit } from 'yaml';
import { API_VERSION, KIND } from '../../api/group.ts';
import { escapeControlsInLines, hasControls, oneLine } from '../../lib/text/index.ts';
import { createColumns } from '../columns.ts';
import type { Io } from '../command.ts';
import type { GetArguments } from './arguments.ts';
import type { Follower, Found } from './read.ts';
import { header, remarksOn, rowsOf } from './table.ts';

export interface Printer extends Follower {
  all(pipelines: readonly Found[]): void;
}

/** Writes Pipelines to standard output, and what concerns the connection to standard error. */
export function createPrinter(given: GetArguments, io: Io): Printer {
  const printer = given.output === 'table' ? tablePrinter(given, io) : objectPrinter(given, io);
  return { ...printer, trouble: (sentence) => io.err(`turnpike get: ${oneLine(sentence)}\n`) };
}

type Output = Omit<Printer, 'trouble'>;

/** Prints tables; on a change only the rows that say something new, below the others. */
function tablePrinter({ allNamespaces: namespaces, watch }: GetArguments, { out }: Io): Output {
  const align = createColumns();
  const said = new Map<string, string>();
  const rows = (pipeline: Found) => rowsOf(pipeline, { namespaces, now: new Date() });
  const isNews = (row: readonly string[]) => {
    // SINCE, the last column but one, always changes: a row is new by the others alone.
    const [key, text] = [row.slice(0, namespaces ? 3 : 2).join('/'), row.toSpliced(-2, 1).join('\n')];
    const isNew = said.get(key) !== text;
    said.set(key, text);
    return isNew;
  };
  return {
    all(pipelines) {
      const found = pipelines.flatMap(rows);
      for (const row of found) isNews(row);
      if (found.length > 0 || watch) out(lines(align([header({ namespaces }), ...found])));
      const remarks = pipelines.flatMap(remarksOn).map(oneLine);
      if (remarks.length > 0) out(`\n${lines(remarks)}${watch ? '\n' : ''}`);
    },
    changed: (pipeline) => out(lines(align(rows(pipeline).filter(isNews)))),
    deleted: ({ metadata }) => out(`${oneLine(`${metadata.namespace}/${metadata.name}`)} was deleted.\n`),
  };
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

/** One object, or a List of them; of changes an object a line, or a YAML document, each. */
function objectPrinter({ name, output, watch }: GetArguments, { out }: Io): Output {
  const write = (value: unknown) => {
    if (output === 'json') out(`${jsonText(value, watch ? undefined : 2)}\n`);
    else out(`${watch ? '---\n' : ''}${yamlText(value)}`);
  };
  return {
    all(pipelines) {
      const objects = pipelines.map(shown);
      if (watch) objects.forEach(write);
      else if (name !== undefined) write(objects[0]);
      else write({ apiVersion: 'v1', kind: 'List', items: objects });
    },
    changed: (pipeline) => write(shown(pipeline)),
    deleted: () => {},
  };
}

/** Texts of others can hold what terminals act on: it stands in there as escape sequences, which mean the same. */
function jsonText(value: unknown, indent?: number): string {
  return escapeControlsInLines(JSON.stringify(value, null, indent));
}

function yamlText(value: unknown): string {
  const document = new Document(value);
  visit(document, {
    Scalar(_, node) {
      // Only in double quotes YAML has escape sequences.
      if (typeof node.value === 'string' && hasControls(node.value.replace(/[\n\t]/g, ''))) {
        node.type = Scalar.QUOTE_DOUBLE;
      }
    },
  });
  return escapeControlsInLines(document.toString().replace(/[\u{10000}-\u{10ffff}]/gu, longEscape));
}

/** YAML writes formatting characters beyond the first plane with eight digits; letters and pictures stay. */
function longEscape(character: string): string {
  if (!hasControls(character)) return character;
  return `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`;
}

/** Leaves out managedFields, which are longer than all the rest, and adds the kind, which objects of a list lack. */
function shown({ raw }: Found): unknown {
  const { metadata, ...rest } = raw as { readonly metadata: Readonly<Record<string, unknown>> };
  const { managedFields: _, ...named } = metadata;
  return { apiVersion: API_VERSION, kind: KIND, metadata: named, ...rest };
}
