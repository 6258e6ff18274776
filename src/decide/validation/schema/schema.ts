import * as v from 'valibot';
import { PipelineSpec } from '../../../api/pipeline.ts';
import { shownUrl } from '../../../lib/net/pure.ts';
import { cut } from '../../../lib/text/index.ts';
import { environmentField, type FieldProblem } from '../problem.ts';
import type { RuleName } from '../rules.ts';

/** Far more than the schema allows in a list; a longer list is not validated entry by entry. */
const MAX_ENTRIES = 100;
const MAX_SHOWN = 80;

export type ParsedSpec =
  | { readonly kind: 'valid'; readonly spec: PipelineSpec }
  | {
      readonly kind: 'invalid';
      readonly problems: readonly FieldProblem[];
      /** Set if all fields are there and have their types, so that further rules can be checked. */
      readonly spec?: PipelineSpec;
    };

/** Validates a Pipeline's `spec` from outside against the schema and reports all faults at once. */
export function parseSpec(input: unknown): ParsedSpec {
  if (input === undefined || input === null) {
    const message = 'This field is required: name the application and its environments.';
    return { kind: 'invalid', problems: [{ rule: 'required', field: 'spec', message }] };
  }
  const flooded = floodedList(input);
  if (flooded) return { kind: 'invalid', problems: [flooded] };
  const parsed = v.safeParse(PipelineSpec, input);
  const lists = listsForObjects(input);
  if (parsed.success && lists.length === 0) return { kind: 'valid', spec: parsed.output };
  const problems = [...schemaProblems(parsed.issues ?? []), ...lists];
  return parsed.typed ? { kind: 'invalid', problems, spec: parsed.output } : { kind: 'invalid', problems };
}

/** Objects of a promotion whose fields may all be left out. */
const LOOSE_OBJECTS = [
  ['gates'],
  ['approvals'],
  ['strategy', 'notification'],
  ...['pull-request', 'push'].flatMap((strategy) => [
    ['strategy', strategy, 'templates'],
    ['strategy', strategy, 'commit'],
  ]),
];

/** valibot takes a list for an object that needs no field, which the API server does not. */
function listsForObjects(input: unknown): FieldProblem[] {
  const environments = at(input, 'environments');
  const own = Array.isArray(environments) ? environments : [];
  return [
    ...(Array.isArray(at(input, 'revision')) ? [listForObject('spec.revision')] : []),
    ...listsInPromotion(at(input, 'promotion'), () => 'spec.promotion'),
    ...own.flatMap((one, index) => [
      ...listsInPromotion(at(one, 'promotion'), () => `${environmentField(index)}.promotion`),
      // Its gates and approvals have the names that they have in a promotion.
      ...listsInPromotion(one, () => environmentField(index)),
    ]),
  ];
}

function listsInPromotion(promotion: unknown, field: () => string): FieldProblem[] {
  if (promotion === undefined) return [];
  const lists = LOOSE_OBJECTS.filter((path) => Array.isArray(path.reduce(at, promotion)));
  return lists.map((path) => listForObject(`${field()}.${path.join('.')}`));
}

function listForObject(field: string): FieldProblem {
  return { rule: 'type', field, message: 'Write an object with fields here, not a list.' };
}

/** The value of a field; undefined if there is none. */
function at(holder: unknown, key: string): unknown {
  return typeof holder === 'object' && holder !== null ? Reflect.get(holder, key) : undefined;
}

/**
 * Turns valibot's issues into problems with paths below `root`. Each field has one problem: an empty text fails its
 * pattern too, and the first issue is enough.
 */
export function schemaProblems(issues: readonly v.BaseIssue<unknown>[], root = 'spec'): FieldProblem[] {
  const byField = new Map<string, FieldProblem>();
  for (const issue of issues) {
    const field = fieldOf(issue, root);
    if (byField.has(field)) continue;
    byField.set(field, { rule: ruleOf(issue), ...place(issue, field), message: messageOf(issue) });
  }
  return [...byField.values()];
}

/** Returns a single problem for a huge list, as validating each of a million entries would take seconds. */
function floodedList(input: unknown, field = 'spec'): FieldProblem | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  if (Array.isArray(input) && input.length > MAX_ENTRIES) return tooMany(field, input.length);
  for (const [key, value] of Object.entries(input)) {
    if (typeof value !== 'object' || value === null) continue;
    const flooded = floodedList(value, Array.isArray(input) ? `${field}[${key}]` : `${field}.${key}`);
    if (flooded) return flooded;
  }
  return undefined;
}

function tooMany(field: string, length: number): FieldProblem {
  // No other field was validated, so that any change may be a fault.
  const message = `The list has ${length} entries: write 50 at most.`;
  return { rule: 'length', field, scope: 'spec', message };
}

function fieldOf(issue: v.BaseIssue<unknown>, root: string): string {
  const keys = (issue.path ?? []).map((item) => item.key);
  return root + keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
}

/** A token is sent to the host of the URL, so the fields beside the URL belong to its rules. */
function place(issue: v.BaseIssue<unknown>, field: string): Omit<FieldProblem, 'rule' | 'message'> {
  const scope = issue.path?.at(-1)?.key === 'url' ? { scope: field.replace(/\.url$/, '') } : {};
  return { field, ...scope, ...shownValue(issue) };
}

/** Texts with a rule of their own, by the field's name. */
const TEXT_RULES: Readonly<Record<string, RuleName>> = {
  url: 'repository-url',
  baseBranch: 'base-branch',
  branch: 'base-branch',
  path: 'revision-source',
  event: 'revision-source',
  soak: 'gate-soak',
  from: 'gate-window',
  to: 'gate-window',
  timeZone: 'gate-window',
  start: 'gate-window',
  end: 'gate-window',
  reason: 'gate-window',
  windows: 'gate-window',
  required: 'approvals',
};

function ruleOf({ kind, type, received, path }: v.BaseIssue<unknown>): RuleName {
  if (kind === 'schema' && received === 'undefined') return 'required';
  if (kind === 'schema') return type === 'picklist' || type === 'literal' ? 'choice' : 'type';
  if (type === 'min_length' || type === 'max_length') return 'length';
  // An entry of a list is identified by the list.
  const name = path?.findLast(({ key }) => typeof key === 'string')?.key;
  return TEXT_RULES[String(name)] ?? 'format';
}

/** Hides values of fields where a secret may be: a URL may hold a password, the name of a Secret a token. */
function shownValue({ path, input }: v.BaseIssue<unknown>): { value?: string } {
  if (typeof input !== 'string' || path?.some(({ key }) => /secretRef$/i.test(String(key)))) return {};
  const isUrl = path?.at(-1)?.key === 'url' || input.includes('://');
  const shown = isUrl ? shownUrl(input) : input;
  return shown === undefined ? {} : { value: cut(shown, MAX_SHOWN) };
}

function messageOf(issue: v.BaseIssue<unknown>): string {
  if (issue.kind === 'schema') return typeMessage(issue);
  const unit = Array.isArray(issue.input) ? 'entries' : 'characters';
  if (issue.type === 'min_length')
    return unit === 'entries' ? 'Write at least one entry.' : 'Write something here.';
  if (issue.type === 'max_length') return `Write ${String(issue.requirement)} ${unit} at most.`;
  return issue.message;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  boolean: 'true or false',
  number: 'a number',
  array: 'a list',
  object: 'an object with fields',
};

function typeMessage(issue: v.BaseIssue<unknown>): string {
  if (issue.received === 'undefined') return 'This field is required.';
  if (issue.type === 'picklist') return `Write one of ${choices(issue.expected ?? '')}.`;
  if (issue.type === 'literal') return `Write ${choices(issue.expected ?? '')} here.`;
  const word = TYPE_WORDS[issue.type];
  return word ? `Write ${word} here, not ${kindOf(issue.input)}.` : issue.message;
}

/** `("a" | "b")` as valibot writes it becomes `a, b`. */
function choices(expected: string): string {
  return expected.replace(/[("')]/g, '').replaceAll(' | ', ', ');
}

function kindOf(input: unknown): string {
  if (input === null) return 'null';
  if (Array.isArray(input)) return TYPE_WORDS.array ?? 'a list';
  return TYPE_WORDS[typeof input] ?? 'this';
}
