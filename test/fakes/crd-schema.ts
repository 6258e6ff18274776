import { crd } from '../../scripts/crd.ts';
import type { Schema } from '../../scripts/structural.ts';

/** How tests walk through the schema in the CustomResourceDefinition. */

export function pipelineSchema(): Schema {
  return crd().spec.versions[0]?.schema.openAPIV3Schema ?? {};
}

/** Every node of the schema with its path, the root first. */
export function nodes(schema: Schema, path = ''): [string, Schema][] {
  const children = (schema.properties ?? {}) as Record<string, Schema>;
  const below = Object.entries(children).flatMap(([name, child]) => nodes(child, `${path}.${name}`));
  const items = schema.items ? nodes(schema.items as Schema, `${path}[]`) : [];
  const values = schema.additionalProperties ? nodes(schema.additionalProperties as Schema, `${path}.*`) : [];
  return [[path, schema], ...below, ...items, ...values];
}

export function celRules(node: Schema): { rule: string; message: string }[] {
  return (node['x-kubernetes-validations'] ?? []) as { rule: string; message: string }[];
}
