import * as v from 'valibot';
import { partsOf } from '../../api/schema-tools.ts';
import { FIRST_FAULT } from '../../lib/first-fault.ts';

/**
 * Parses as much of a value as holds to the schema: fields and elements that do not are left out, whole objects only
 * when a field is gone that they must have. Undefined when nothing is left.
 */
export function parseLenient<Output>(
  schema: v.GenericSchema<unknown, Output>,
  value: unknown,
): Output | undefined {
  const whole = v.safeParse(schema, value, FIRST_FAULT);
  if (whole.success) return whole.output;
  const rest = v.safeParse(schema, parseParts(schema, value), FIRST_FAULT);
  return rest.success ? rest.output : undefined;
}

function parseParts(schema: v.GenericSchema, value: unknown): unknown {
  const { wrapped, item, entries, value: each } = partsOf(schema);
  if (wrapped) return parseLenient(wrapped, value);
  if (item) return Array.isArray(value) ? parseElements(item, value) : undefined;
  if (!isRecord(value)) return undefined;
  if (entries) return parseFields(Object.entries(entries), value);
  if (each)
    return parseFields(
      Object.keys(value).map((key) => [key, each]),
      value,
    );
  return undefined;
}

function parseElements(item: v.GenericSchema, elements: readonly unknown[]): unknown[] {
  return elements.map((element) => parseLenient(item, element)).filter((element) => element !== undefined);
}

function parseFields(
  fields: readonly (readonly [string, v.GenericSchema])[],
  value: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const kept = fields.map(([key, schema]) => [key, parseLenient(schema, value[key])] as const);
  return Object.fromEntries(kept.filter(([, part]) => part !== undefined));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
