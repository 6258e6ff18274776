/**
 * The rules for Pipelines in one place for the admission webhook, the reconciler (objects may be older than
 * the webhook) and the command line. All are pure: what is around a Pipeline is handed in as facts, and a
 * host is judged by its name.
 */
export { allowsNamespace, noGitopsCluster } from './validation/allowed-namespaces.ts';
export { promotionBranch } from './validation/branch.ts';
export { type CheckedSpec, checkSpec, type SpecPolicy, validateSpec } from './validation/check-spec.ts';
export {
  type Facts,
  NO_FACTS,
  type SecretData,
  type SecretFacts,
  type SecretState,
} from './validation/facts.ts';
export { foreignGovernorDoubt, governorDoubt, unnamedGovernorDoubt } from './validation/governors.ts';
export { applicationKey, applicationKeys, type Needs, needsOf, secretNeeds } from './validation/needs.ts';
export {
  type FieldProblem,
  type Findings,
  mergeFindings,
  NO_FINDINGS,
  problemLine,
  problemText,
} from './validation/problem.ts';
export type { PipelineNames } from './validation/promotions.ts';
export { type ReferencePolicy, refusedReference } from './validation/references.ts';
export { RULES, type Rule } from './validation/rules.ts';
export { type Judged, ratchet } from './validation/schema/ratchet.ts';
export { type ParsedSpec, parseSpec, schemaProblems } from './validation/schema/schema.ts';
export { unknownFields, unknownObjectFields } from './validation/schema/unknown-fields.ts';
export { missingSecret } from './validation/secrets/secrets.ts';
export { surroundingFindings } from './validation/surroundings.ts';
export { TEMPLATE_NAMES } from './validation/templates.ts';
