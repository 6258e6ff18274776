/**
 * The rules for Pipelines in one place for the admission webhook, the reconciler (objects may be older than the
 * webhook) and the command line. All are pure: the objects that a Pipeline references are handed in, and a host is
 * checked by its name.
 */
export { allowsNamespace, noGitopsCluster } from './validation/allowed-namespaces.ts';
export { alsoManagedBy, alsoManagedByForeign, alsoManagedByUnnamed } from './validation/also-managed-by.ts';
export { checkReferences } from './validation/check-references.ts';
export { checkSpec, type SpecPolicy, validateSpec } from './validation/check-spec.ts';
export {
  type FieldProblem,
  type Findings,
  mergeFindings,
  NO_FINDINGS,
  problemLine,
  problemText,
} from './validation/problem.ts';
export type { PipelineNames } from './validation/promotions.ts';
export { type ReferencePolicy, refusedReference } from './validation/reference-policy.ts';
export {
  NO_OBJECTS,
  type ReferencedObjects,
  type ReferencedSecret,
  type SecretState,
} from './validation/referenced-objects.ts';
export {
  applicationKey,
  applicationKeys,
  type References,
  referencesOf,
  secretReferences,
} from './validation/references.ts';
export { RULES, type RuleName } from './validation/rules.ts';
export { ratchet } from './validation/schema/ratchet.ts';
export { parseSpec, schemaProblems } from './validation/schema/schema.ts';
export { unknownFields, unknownObjectFields } from './validation/schema/unknown-fields.ts';
export { missingSecret } from './validation/secrets/secrets.ts';
export { TEMPLATE_NAMES } from './validation/templates.ts';
