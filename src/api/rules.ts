import * as v from 'valibot';
import { brokenRule, type TextRule } from '../lib/text/index.ts';
import { withShortcut } from './schema-tools.ts';

/**
 * Rules that the API server enforces by CEL beside the plain schema, in words that name the fix. A rule stands
 * beside its field; `scripts/structural.ts` brings it into the CustomResourceDefinition and
 * `scripts/json-schema.ts` into the schema for editors.
 */
export interface CelRule {
  /** CEL over `self`, true where the rule holds. */
  readonly rule: string;
  readonly message: string;
  /** The field below this one that is at fault, as CEL selects it: `.url`. */
  readonly fieldPath?: string;
  /** The same in JSON Schema, where that can say it. */
  readonly schema?: Readonly<Record<string, unknown>>;
}

/** The key under which rules travel in a JSON Schema between valibot and the generators. */
export const RULES_KEY = 'x-turnpike-rules';

/** The last one in a pipe counts. */
export function rules<Input>(...list: readonly CelRule[]) {
  return v.metadata<Input, Record<string, unknown>>({ [RULES_KEY]: list });
}

/** Checks a text against the rules when it is parsed and names the first broken one. A text that is too long is not checked. */
export function matching(list: readonly TextRule[]) {
  return v.rawCheck<string>(({ dataset, addIssue }) => {
    const message = dataset.typed && !dataset.issues ? brokenRule(dataset.value, list) : undefined;
    if (message !== undefined) addIssue({ message });
  });
}

/** The bounds of a text. */
export interface TextBounds {
  readonly maxLength: number;
  readonly rules: readonly TextRule[];
}

/** The actions that hold a text to its bounds when it is parsed. One flat pipe: a pipe inside another one costs time. */
export function textPipe({ maxLength, rules: list }: TextBounds) {
  return [
    v.string(),
    v.minLength<string, 1>(1),
    v.maxLength<string, number>(maxLength),
    matching(list),
  ] as const;
}

/**
 * Accepts a valid text without running the pipe of its schema: a Pipeline holds dozens of names, and valibot runs the
 * actions of a pipe one by one. A text that is not valid runs through them, and they name the fault.
 */
export function withFastPath<Schema extends v.GenericSchema<string>>(
  schema: Schema,
  bounds: TextBounds,
): Schema {
  const { maxLength, rules: list } = bounds;
  return withShortcut(schema, (value): value is v.InferOutput<Schema> => {
    const isFine = typeof value === 'string' && value.length > 0 && value.length <= maxLength;
    return isFine && brokenRule(value, list) === undefined;
  });
}

/** The rules of a text as rules of that text. */
export function textRules(list: readonly TextRule[]): CelRule[] {
  return list.map((rule) => ({ rule: cel('self', rule), message: rule.message, schema: patternOf(rule) }));
}

/**
 * The rules of a text as rules of the object that holds it: what they refuse is not quoted then, as the
 * API server otherwise does. A field that is not there is for the schema to miss: a rule that cannot be
 * evaluated would keep an old object from taking even its status.
 */
export function secretTextRules(field: string, list: readonly TextRule[]): CelRule[] {
  return list.map((rule) => ({
    rule: `!has(self.${field}) || ${cel(`self.${field}`, rule)}`,
    message: rule.message,
    fieldPath: `.${field}`,
    schema: { properties: { [field]: patternOf(rule) } },
  }));
}

/** A JSON string is a CEL string too (cel-spec, "String and Bytes Values"). */
function cel(self: string, rule: TextRule): string {
  const call = `${self}.matches(${JSON.stringify(sourceOf(rule))})`;
  return 'matches' in rule ? call : `!${call}`;
}

/** Editors show the words of a pattern alone, hence `matches` where that is as plain as `notMatching`. */
function patternOf(rule: TextRule): Readonly<Record<string, unknown>> {
  const pattern = sourceOf(rule);
  return 'matches' in rule ? { pattern, patternErrorMessage: rule.message } : { not: { pattern } };
}

/** JavaScript escapes the slash, which RE2 has no need of. */
function sourceOf(rule: TextRule): string {
  const { source } = 'matches' in rule ? rule.matches : rule.notMatching;
  return source.replaceAll('\\/', '/');
}
