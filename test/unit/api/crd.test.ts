import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import { Ajv } from 'ajv';
import * as v from 'valibot';
import { parse } from 'yaml';
import { crd, crdYaml } from '../../../scripts/crd.ts';
import { EDITOR_SCHEMA, editorSchema, editorSchemaJson } from '../../../scripts/json-schema.ts';
import { type Schema, toStructural } from '../../../scripts/structural.ts';
import { PipelineSpec } from '../../../src/api/pipeline.ts';
import { RULES_KEY } from '../../../src/api/rules.ts';
import { CEL_CASES } from '../../cluster/api/definition-cases.ts';
import { celRules, nodes, pipelineSchema } from '../../fakes/crd-schema.ts';
import {
  type Fields,
  pipelineObject,
  predecessorPipeline,
  ruleCases,
  specOf,
} from '../../fixtures/pipelines/cases.ts';

const MANIFESTS = join(import.meta.dir, '../../../manifests/crd');
const COMPAT = join(import.meta.dir, '../../fixtures/pipelines/compat');

function structural(schema: v.GenericSchema): Schema {
  return toStructural(toJsonSchema(schema, { target: 'openapi-3.0', typeMode: 'input' }));
}

describe('the CustomResourceDefinition', () => {
  const schema = pipelineSchema();

  test('is committed as the schemas make it; else run "npm run generate"', async () => {
    expect(await Bun.file(join(MANIFESTS, 'pipelines.yaml')).text()).toBe(crdYaml());
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

  test('has a short name, categories, and a column that says what is suspended', () => {
    expect(crd().spec.names).toMatchObject({ shortNames: ['pl'], categories: ['all', 'fluxcd'] });
    const [version] = crd().spec.versions;
    const shown = version?.additionalPrinterColumns.filter(({ priority = 0 }) => priority === 0);
    expect(shown?.map(({ name }) => name)).toEqual(['App', 'Summary', 'Ready', 'Suspended', 'Age']);
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

  test('explains everything in it, and what is left out', () => {
    const silent = nodes(schema).filter(([path, { description }]) => {
      return path !== '.metadata' && !(typeof description === 'string' && description.endsWith('.'));
    });
    expect(silent.map(([path]) => path)).toEqual([]);
    const defaults = nodes(schema).filter(([path, node]) => 'default' in node && path !== '.status');
    for (const [, { default: value, description }] of defaults)
      expect(description).toContain(`Default: ${value}.`);
  });

  test('spells rules with words in place of patterns, and none in the status', () => {
    for (const [path, node] of nodes(schema)) {
      expect(node).not.toHaveProperty('pattern');
      for (const { message } of celRules(node)) expect(message).toMatch(/^[A-Z].*\.$/);
      if (path.startsWith('.status')) expect(celRules(node)).toEqual([]);
    }
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

describe('the schema that manifests are parsed by', () => {
  const inPlace = CEL_CASES.filter(
    ({ field }) => !/(environments|artifacts|targets|strategy|promotion|manual)$/.test(field),
  );
  test.each(inPlace)('says as the API server does: $message', async ({ message, good, bad }) => {
    expect(v.is(PipelineSpec, await specOf(good))).toBe(true);
    const { issues } = v.safeParse(PipelineSpec, await specOf(bad));
    expect(issues?.map((issue) => issue.message)).toEqual([message]);
  });

  test('takes main where no base branch is named', async () => {
    const { output } = v.safeParse(PipelineSpec, await specOf({ 'pull-request.baseBranch': null }));
    expect(output).toMatchObject({ promotion: { strategy: { 'pull-request': { baseBranch: 'main' } } } });
  });
});

describe('the schema for editors', async () => {
  const validate = new Ajv({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    keywords: ['patternErrorMessage'],
  });
  const holds = validate.compile(editorSchema());
  const withSpec = (spec: unknown) => pipelineObject(spec);
  const files = [...new Bun.Glob('*.yaml').scanSync(COMPAT)].sort();

  test('is committed as the schemas make it; else run "npm run generate"', async () => {
    expect(await Bun.file(join(MANIFESTS, EDITOR_SCHEMA)).text()).toBe(editorSchemaJson());
    expect(await Bun.file(join(MANIFESTS, 'kustomization.yaml')).text()).not.toContain('json');
    expect(JSON.stringify(editorSchema())).not.toContain('x-');
  });

  test.each(files)('takes %s', async (file) => {
    expect(holds(parse(await Bun.file(join(COMPAT, file)).text()))).toBe(true);
  });

  test("takes the predecessor's example, and one with a status", async () => {
    expect(holds(await predecessorPipeline())).toBe(true);
    expect(holds({ ...withSpec(await specOf()), status: { anything: 1 } })).toBe(true);
  });

  for (const { says, good, bad } of await ruleCases('schema')) {
    test(`holds that ${says}`, async () => {
      expect(holds(withSpec(await specOf(good)))).toBe(true);
      expect(holds(withSpec(await specOf(bad)))).toBe(false);
    });
  }

  const sayable = CEL_CASES.filter(({ field, celOnly }) => field !== 'spec.environments' && !celOnly);
  test.each(sayable)('holds what the API server says at $field: $message', async ({ good, bad }) => {
    expect(holds(withSpec(await specOf(good)))).toBe(true);
    expect(holds(withSpec(await specOf(bad)))).toBe(false);
  });

  const typos: Fields[] = [
    { environment: [] },
    { 'promotion.strategy.notifications': {} },
    { 'promotion.strategy.pull-request.base': 'main' },
    { 'environments.0.targets.0.clusterref': {} },
    { 'appRef.group': 'a' },
  ];
  test.each(typos)('shows that there is no such field: %p', async (typo) => {
    expect(holds(withSpec(await specOf(typo)))).toBe(false);
  });

  test.each([
    { kind: 'Pipelines' },
    { apiVersion: 'pipelines.weave.works/v1' },
    { spec: undefined },
    { data: {} },
  ])('is for Pipelines alone: %p', async (change) => {
    expect(holds({ ...withSpec(await specOf()), ...change })).toBe(false);
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

  test('writes rules as CEL without what they are in JSON Schema', () => {
    const rule = { rule: 'self > 1', message: 'Write more.' };
    const schema = v.pipe(v.number(), v.metadata({ [RULES_KEY]: [{ ...rule, schema: { minimum: 2 } }] }));
    expect(structural(schema)).toEqual({ type: 'number', 'x-kubernetes-validations': [rule] });
  });

  test.each(cases)('%s', (_, schema, expected) => {
    expect(structural(schema)).toEqual(expected);
  });

  test('refuses a union and names its place', () => {
    const schema = v.object({ spec: v.object({ a: v.union([v.string(), v.number()]) }) });
    expect(() => structural(schema)).toThrow('The schema at .spec.a uses anyOf, which is not structural.');
  });
});
