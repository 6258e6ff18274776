import type { GenericSchema } from 'valibot';
import { stringify } from 'yaml';
import { GROUP, KIND, PLURAL, VERSION } from '../src/api/group.ts';
import { PipelineSpec, PipelineStatus } from '../src/api/pipeline.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { type Schema, toStructural } from './structural.ts';

const HEADER = `# Made from src/api/pipeline.ts by "npm run generate": change it there.\n`;
const READY = '.status.conditions[?(@.type=="Ready")]';

/** The columns that `kubectl get pipelines` prints; `priority` 1 is for `-o wide` alone. */
const COLUMNS = [
  { name: 'App', type: 'string', jsonPath: '.spec.appRef.name' },
  { name: 'Summary', type: 'string', jsonPath: '.status.summary' },
  { name: 'Ready', type: 'string', jsonPath: `${READY}.status` },
  { name: 'Suspended', type: 'boolean', jsonPath: '.spec.suspend' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  { name: 'Status', type: 'string', jsonPath: `${READY}.message`, priority: 1 },
];

/** The CustomResourceDefinition of Pipeline as a YAML document. */
export function crdYaml(): string {
  return HEADER + stringify(crd(), { lineWidth: 110, aliasDuplicateObjects: false });
}

/** The CustomResourceDefinition of Pipeline. */
export function crd() {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${PLURAL}.${GROUP}`,
      // Flux's substitution of variables must not touch the patterns in here.
      annotations: { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' },
    },
    spec: {
      group: GROUP,
      names: {
        kind: KIND,
        listKind: `${KIND}List`,
        plural: PLURAL,
        singular: 'pipeline',
        shortNames: ['pl'],
        categories: ['all', 'fluxcd'],
      },
      scope: 'Namespaced',
      versions: [version()],
    },
  };
}

function version() {
  return {
    name: VERSION,
    served: true,
    storage: true,
    subresources: { status: {} },
    additionalPrinterColumns: COLUMNS,
    schema: { openAPIV3Schema: pipelineSchema() },
  };
}

/**
 * An object that got in without a spec, before this schema, must still take labels and its status: hence
 * `spec` is asked for by a rule that knows the old object, and is not listed as required.
 */
const SPEC_IS_THERE = {
  rule: 'has(self.spec) || (oldSelf.hasValue() && !has(oldSelf.value().spec))',
  message: 'Write spec: the application in appRef and its environments in order.',
  optionalOldSelf: true,
  fieldPath: '.spec',
  reason: 'FieldValueRequired',
};

function pipelineSchema(): Schema {
  return {
    description: 'Promotes one application from environment to environment, through gates.',
    type: 'object',
    'x-kubernetes-validations': [SPEC_IS_THERE],
    properties: {
      apiVersion: { description: `${GROUP}/${VERSION}.`, type: 'string' },
      kind: { description: `${KIND}.`, type: 'string' },
      metadata: { type: 'object' },
      spec: { description: 'The desired state of the Pipeline.', ...convert(PipelineSpec) },
      status: {
        description: 'What Turnpike has observed and done.',
        ...convert(PipelineStatus),
        default: { observedGeneration: -1 },
      },
    },
  };
}

function convert(schema: GenericSchema): Schema {
  return toStructural(jsonSchemaOf(schema, 'openapi-3.0'));
}
