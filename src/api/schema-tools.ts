import type * as v from 'valibot';

/**
 * The one place that knows valibot's inside. test/unit/api/schema-tools.test.ts holds the version to it.
 */

/** The schemas that a schema is made of; a pipe has those of its first schema. */
export interface SchemaParts {
  /** Schemas of an object's fields. */
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  /** Schema of a list's items. */
  readonly item?: v.GenericSchema;
  /** Schema of all values of a record. */
  readonly value?: v.GenericSchema;
  /** Schema behind an optional one. */
  readonly wrapped?: v.GenericSchema;
}

export function partsOf(schema: v.GenericSchema): SchemaParts {
  return schema as SchemaParts;
}

/** The same schema, which takes a value that is fine as it is, without a step of its own. */
export function withShortcut<Schema extends v.GenericSchema>(
  schema: Schema,
  isFine: (value: unknown) => value is v.InferOutput<Schema>,
): Schema {
  const run = schema['~run'];
  return {
    ...schema,
    '~run': (dataset: v.UnknownDataset, config: v.Config<v.BaseIssue<unknown>>) =>
      isFine(dataset.value) ? { typed: true, value: dataset.value } : run(dataset, config),
  };
}
