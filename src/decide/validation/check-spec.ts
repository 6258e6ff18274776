import type { PipelineSpec } from '../../api/pipeline.ts';
import type { HostPolicy } from '../../lib/net/pure.ts';
import { artifactProblems } from './artifacts.ts';
import { environmentProblems } from './environments.ts';
import { onTopProblems } from './on-top.ts';
import { type FieldProblem, type Findings, NO_FINDINGS } from './problem.ts';
import { type PipelineNames, promotionProblems } from './promotions.ts';
import { type ReferencePolicy, referenceProblems } from './reference-policy.ts';
import { parseSpec } from './schema/schema.ts';
import { sizeProblems } from './schema/size.ts';
import { specWarnings } from './warnings.ts';

/** The operator's policy for specs. */
export type SpecPolicy = HostPolicy & ReferencePolicy & { readonly requireEventCluster?: boolean };

/** A spec from outside, with the result of the rules for it alone. */
export type CheckedSpec =
  | { readonly kind: 'parsed'; readonly spec: PipelineSpec; readonly findings: Findings }
  /** The spec does not match the schema, so that nothing is looked up for it. */
  | { readonly kind: 'malformed'; readonly findings: Findings; readonly spec?: PipelineSpec };

export function checkSpec(input: unknown, policy: SpecPolicy, names: PipelineNames): CheckedSpec {
  const parsed = parseSpec(input);
  if (parsed.kind === 'invalid') {
    if (!parsed.spec) return { kind: 'malformed', findings: { ...NO_FINDINGS, problems: parsed.problems } };
    const further = validateSpec(parsed.spec, policy, names);
    return {
      kind: 'malformed',
      spec: parsed.spec,
      findings: { ...NO_FINDINGS, problems: firstOfField(parsed.problems, further) },
    };
  }
  const { spec } = parsed;
  const warnings = specWarnings(spec, { ...names, requireEventCluster: policy.requireEventCluster });
  return { kind: 'parsed', spec, findings: { problems: validateSpec(spec, policy, names), warnings } };
}

/** Keeps the schema's problem of a field, which is enough. */
function firstOfField(problems: readonly FieldProblem[], further: readonly FieldProblem[]): FieldProblem[] {
  const known = new Set(problems.map(({ field }) => field));
  return [...problems, ...further.filter(({ field }) => !known.has(field))];
}

/** All problems of a spec that matches the schema; empty if it is valid. */
export function validateSpec(spec: PipelineSpec, policy: SpecPolicy, names: PipelineNames): FieldProblem[] {
  return [
    ...referenceProblems(spec, policy, names.namespace),
    ...artifactProblems(spec),
    ...environmentProblems(spec, names.namespace),
    ...sizeProblems(spec, names),
    ...promotionProblems(spec, policy, names),
    ...onTopProblems(spec),
  ];
}
