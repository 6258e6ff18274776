import * as v from 'valibot';
import { FIRST_FAULT } from '../../lib/first-fault.ts';

/** What is read of a schema to go through its parts; pipes carry these fields of their first schema. */
interface Shape {
  readonly type: string;
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  readonly item?: v.GenericSchema;
  readonly value?: v.GenericSchema;
  readonly wrapped?: v.GenericSchema;
}

/**
 * As much of a value as holds to the schema: fields and elements that do not are left out, whole objects
 * only when a field is gone that they must have. Undefined when nothing is left.
 */
export function salvage<Output>(
  schema: v.GenericSchema<unknown, Output>,
  value: unknown,
): Output | undefined {
  const whole = v.safeParse(schema, value, FIRST_FAULT);
  if (whole.success) return whole.output;
  const rest = v.safeParse(schema, salvageParts(schema, value), FIRST_FAULT);
  return rest.success ? rest.output : undefined;
}

function salvageParts(schema: Shape, value: unknown): unknown {
  if (schema.wrapped) return salvage(schema.wrapped, value);
  if (schema.item) return Array.isArray(value) ? salvageElements(schema.item, value) : undefined;
  if (!isRecord(value)) return undefined;
  const { entries, value: each } = schema;
  if (entries) return salvageFields(Object.entries(entries), value);
  if (each)
    return salvageFields(
      Object.keys(value).map((key) => [key, each]),
      value,
    );
  return undefined;
}

function salvageElements(item: v.GenericSchema, elements: readonly unknown[]): unknown[] {
  return elements.map((element) => salvage(item, element)).filter((element) => element !== undefined);
}

function salvageFields(
  fields: readonly (readonly [string, v.GenericSchema])[],
  value: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const kept = fields.map(([key, schema]) => [key, salvage(schema, value[key])] as const);
  return Object.fromEntries(kept.filter(([, part]) => part !== undefined));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
