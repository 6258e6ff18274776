import { type ConversionConfig, toJsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import { API_VERSION, KIND } from '../src/api/group.ts';
import { PipelineSpec } from '../src/api/pipeline.ts';
import { type CelRule, RULES_KEY } from '../src/api/rules.ts';
import type { Schema } from './structural.ts';

/** Lies beside the CustomResourceDefinition; kubeconform finds it by `{{.ResourceKind}}-{{.ResourceAPIVersion}}`. */
export const EDITOR_SCHEMA = 'pipeline-v1alpha1.schema.json';

/** The schema of a manifest, with the rules under `RULES_KEY`; rules that are code alone are left out. */
export function jsonSchemaOf(
  schema: GenericSchema,
  target: NonNullable<ConversionConfig['target']>,
): unknown {
  return toJsonSchema(schema, {
    target,
    typeMode: 'input',
    errorMode: 'throw',
    ignoreActions: ['raw_check'],
  });
}

export function editorSchemaJson(): string {
  return `${JSON.stringify(editorSchema(), null, 2)}\n`;
}

/**
 * JSON Schema of a Pipeline for editors and linters; draft 7, which all of them speak. `spec` takes no
 * unknown field, so that a misspelled one shows; `metadata` and `status` are not looked at.
 */
export function editorSchema(): Schema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: KIND,
    description: 'Promotes one application from environment to environment, through gates.',
    type: 'object',
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    properties: {
      apiVersion: { type: 'string', enum: [API_VERSION], description: `${API_VERSION}.` },
      kind: { type: 'string', enum: [KIND], description: `${KIND}.` },
      metadata: { type: 'object', description: 'Name, namespace, labels and annotations of the Pipeline.' },
      spec: {
        description: 'The desired state of the Pipeline.',
        ...strict(jsonSchemaOf(PipelineSpec, 'draft-07') as Schema),
      },
      status: { type: 'object', description: 'What Turnpike has seen and done: not written by hand.' },
    },
    additionalProperties: false,
  };
}

function strict(schema: Schema): Schema {
  const { [RULES_KEY]: rules, $schema: _, properties, items, ...rest } = schema;
  const own = Object.entries(rest).filter(([key]) => !key.startsWith('x-kubernetes-'));
  const node = {
    ...Object.fromEntries(own),
    ...(isSchema(properties) && { properties: mapValues(properties, strict), additionalProperties: false }),
    ...(isSchema(items) && { items: strict(items) }),
  };
  return withRules(node, (rules as readonly CelRule[] | undefined) ?? []);
}

/** The rules go into the node itself where no keyword meets itself there, else beside each other. */
function withRules(node: Schema, rules: readonly CelRule[]): Schema {
  const schemas = rules.flatMap(({ schema }) => (schema ? [schema] : []));
  const keywords = [node, ...schemas].flatMap((schema) => Object.keys(schema));
  const isFree = new Set(keywords).size === keywords.length;
  return isFree ? Object.assign({}, node, ...schemas) : { ...node, allOf: schemas };
}

function mapValues(properties: Schema, change: (schema: Schema) => Schema): Schema {
  const entries = Object.entries(properties);
  return Object.fromEntries(entries.map(([key, value]) => [key, isSchema(value) ? change(value) : value]));
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
