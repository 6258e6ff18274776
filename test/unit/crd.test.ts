import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { parse } from 'yaml';
import { crd, crdYaml } from '../../scripts/crd.ts';
import { type Schema, toStructural } from '../../scripts/structural.ts';

const COMMITTED = join(import.meta.dir, '../../manifests/crd/pipelines.yaml');

function structural(schema: v.GenericSchema): Schema {
  return toStructural(toJsonSchema(schema, { target: 'openapi-3.0', typeMode: 'input' }));
}

/** Every node of the schema with its path, the root first. */
function nodes(schema: Schema, path = ''): [string, Schema][] {
  const children = (schema.properties ?? {}) as Record<string, Schema>;
  const below = Object.entries(children).flatMap(([name, child]) => nodes(child, `${path}.${name}`));
  const items = schema.items ? nodes(schema.items as Schema, `${path}[]`) : [];
  const values = schema.additionalProperties ? nodes(schema.additionalProperties as Schema, `${path}.*`) : [];
  return [[path, schema], ...below, ...items, ...values];
}

describe('the CustomResourceDefinition', () => {
  const [version] = crd().spec.versions;
  const schema = version?.schema.openAPIV3Schema ?? {};

  test('is committed as the schemas make it; else run "npm run generate"', async () => {
    expect(await Bun.file(COMMITTED).text()).toBe(crdYaml());
    expect(parse(crdYaml())).toEqual(JSON.parse(JSON.stringify(crd())));
  });

  test("has the predecessor's names", () => {
    expect(crd().metadata.name).toBe('pipelines.pipelines.weave.works');
    expect(crd().spec).toMatchObject({
      group: 'pipelines.weave.works',
      names: { kind: 'Pipeline', listKind: 'PipelineList', plural: 'pipelines', singular: 'pipeline' },
      scope: 'Namespaced',
      versions: [{ name: 'v1alpha1', served: true, storage: true, subresources: { status: {} } }],
    });
  });

  test('takes objects without spec, and starts status as the predecessor did', () => {
    expect(schema).not.toHaveProperty('required');
    expect(schema).toHaveProperty('properties.status.default', { observedGeneration: -1 });
  });

  test('bounds every list and every text of the spec', () => {
    const spec = nodes((schema.properties as Record<string, Schema>).spec ?? {}, 'spec');
    const unbounded = spec.filter(
      ([, node]) =>
        (node.type === 'array' && node.maxItems === undefined) ||
        (node.type === 'string' && node.maxLength === undefined && node.enum === undefined),
    );
    expect(unbounded.map(([path]) => path)).toEqual([]);
  });

  test('explains every field of the spec', () => {
    const spec = nodes((schema.properties as Record<string, Schema>).spec ?? {}, 'spec');
    const silent = spec.filter(([path, node]) => !path.endsWith('[]') && node.description === undefined);
    expect(silent.map(([path]) => path)).toEqual([]);
  });

  test('merges lists as a whole, conditions by type', () => {
    const lists = nodes(schema).filter(([, node]) => node.type === 'array');
    const types = Object.fromEntries(lists.map(([path, node]) => [path, node['x-kubernetes-list-type']]));
    expect(types).toMatchObject({
      '.spec.environments': 'atomic',
      '.spec.environments[].targets': 'atomic',
      '.status.conditions': 'map',
    });
  });
});

describe('toStructural', () => {
  const cases: [string, v.GenericSchema, Schema][] = [
    ['gives a literal its type', v.literal('a'), { type: 'string', enum: ['a'] }],
    ['keeps whatever an unknown value holds', v.unknown(), { 'x-kubernetes-preserve-unknown-fields': true }],
    ['leaves out what an empty object does not need', v.object({}), { type: 'object' }],
    [
      'takes no additionalProperties beside properties',
      v.strictObject({ a: v.string() }),
      { type: 'object', required: ['a'], properties: { a: { type: 'string' } } },
    ],
    [
      'makes a record a map',
      v.record(v.string(), v.boolean()),
      { type: 'object', additionalProperties: { type: 'boolean' } },
    ],
    ['calls an integer int64', v.pipe(v.number(), v.integer()), { type: 'integer', format: 'int64' }],
    [
      "writes patterns without JavaScript's slashes",
      v.pipe(v.string(), v.regex(/a\/b/)),
      { type: 'string', pattern: 'a/b' },
    ],
  ];

  test.each(cases)('%s', (_, schema, expected) => {
    expect(structural(schema)).toEqual(expected);
  });

  test('refuses a union and names its place', () => {
    const schema = v.object({ spec: v.object({ a: v.union([v.string(), v.number()]) }) });
    expect(() => structural(schema)).toThrow('The schema at .spec.a uses anyOf, which is not structural.');
  });
});
