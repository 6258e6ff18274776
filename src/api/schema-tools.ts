import type * as v from 'valibot';

/**
 * What is known here of valibot's inside, and nowhere else. test/unit/api/schema-tools.test.ts holds the version to it.
 */

/** The schemas that a schema is made of; a pipe has those of its first schema. */
export interface SchemaParts {
  /** Of an object, by field. */
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  /** Of a list. */
  readonly item?: v.GenericSchema;
  /** Of a record: all that it holds. */
  readonly value?: v.GenericSchema;
  /** Of what may be left out. */
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
