import type { PipelineSpec } from '../api/pipeline.ts';
import type { HostPolicy } from './hosts.ts';
import { environmentProblems } from './validate/environments.ts';
import type { FieldProblem } from './validate/problem.ts';
import { type PipelineNames, promotionProblems } from './validate/promotions.ts';

/**
 * The rules for Pipelines that the schema cannot say, in one place for the admission webhook, the reconciler
 * (objects may be older than the webhook) and the command line. All are pure: Secrets are handed in, and a
 * host is judged by its name.
 */
export { branchProblem, promotionBranch } from './validate/branch.ts';
export { type FieldProblem, problemLine } from './validate/problem.ts';
export type { PipelineNames } from './validate/promotions.ts';
export { type ParsedSpec, parseSpec, schemaProblems } from './validate/schema.ts';
export {
  type SecretData,
  type SecretNeed,
  secretNeeds,
  secretProblems,
  secretWarnings,
} from './validate/secrets.ts';
export { specWarnings } from './validate/warnings.ts';

/** Stands in where a manifest is looked at that has no namespace yet. */
const UNNAMED: PipelineNames = { namespace: 'default', name: 'pipeline' };

/** Everything that is wrong with a spec that holds to the schema; empty when it is fine. */
export function validateSpec(
  spec: PipelineSpec,
  policy: HostPolicy,
  names: PipelineNames = UNNAMED,
): FieldProblem[] {
  return [...environmentProblems(spec, names.namespace), ...promotionProblems(spec, policy, names)];
}
