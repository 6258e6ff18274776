import type { Author } from '../../api/admission.ts';
import type { PipelineSpec } from '../../api/pipeline.ts';
import {
  checkReferences,
  checkSpec,
  type Findings,
  mergeFindings,
  problemLine,
  type ReferencedObjects,
  type References,
  ratchet,
  referencesOf,
  type SpecPolicy,
} from '../../decide/validation.ts';
import { createLookupBudget, type LookupBudget } from '../../lib/async/index.ts';
import type { AdmissionResult } from './answer.ts';
import type { Review } from './review.ts';

export interface ValidateDeps {
  readonly policy: SpecPolicy;
  /** Looks up in the cluster what a spec names. What the cluster does not say is unknown, which is not an error. */
  readonly gather: (references: References, options: GatherOptions) => Promise<ReferencedObjects>;
}

export interface GatherOptions {
  /** Secrets as they are from now on, not as they were a moment ago. */
  readonly fresh: boolean;
  /** The user who must have the right to get the applications in other namespaces; without, nobody must. */
  readonly author?: Author;
  /** Answers show only what this user may see; without a user, only what everybody may see. */
  readonly viewer?: Author;
  readonly lookups: LookupBudget;
}

/**
 * Validates one request. Nobody but the API server is asked for anything. Deletions pass, and so do updates
 * that leave the spec as it is; of other updates, faults that the object had before are only warned of.
 */
export async function validate(review: Review, deps: ValidateDeps): Promise<AdmissionResult> {
  if (review.operation === 'DELETE' || isUnchanged(review)) return { allowed: true, warnings: [] };
  const lookups = createLookupBudget();
  try {
    return await validateSpec({ review, deps, lookups, isChange: true });
  } finally {
    lookups.end();
  }
}

/** One review, and what may still be looked up for it. */
interface Case {
  readonly review: Review;
  readonly deps: ValidateDeps;
  readonly lookups: LookupBudget;
  /** True: it is checked as a change that a user asks for. */
  readonly isChange: boolean;
}

async function validateSpec(one: Case): Promise<AdmissionResult> {
  const { operation, spec, oldSpec, wasPipeline } = one.review;
  const findings = await check(spec, one);
  // Without a Pipeline before the change there are no old faults that may stay.
  const isUpdate = operation === 'UPDATE' && wasPipeline;
  if (findings.problems.length === 0 || !isUpdate) return resultOf(findings);
  // Faults of the object before the change may stay; nothing else of it counts.
  const before = await check(oldSpec, { ...one, isChange: false });
  return resultOf(ratchet({ spec, findings }, { spec: oldSpec, findings: before }));
}

async function check(input: unknown, one: Case): Promise<Findings> {
  const checked = checkSpec(input, one.deps.policy, one.review.names);
  if (checked.kind === 'malformed') return checked.findings;
  return mergeFindings(checked.findings, await checkReferenced(checked.spec, one));
}

/**
 * A dry run only warns of Secrets: Flux dry-runs a whole stage before it applies the Secret that comes with
 * the Pipeline. And nothing is denied for what a Secret was a moment ago.
 */
async function checkReferenced(
  spec: PipelineSpec,
  { review: { names, dryRun, author }, deps: { gather, policy }, lookups, isChange }: Case,
): Promise<Findings> {
  const references = referencesOf(spec, names, policy);
  const options = { ...(author && { viewer: author, ...(isChange && { author }) }), lookups };
  const known = checkReferences(references, await gather(references, { fresh: false, ...options }), policy);
  if (known.problems.length === 0) return known;
  if (dryRun) return { problems: [], warnings: [...known.problems, ...known.warnings] };
  return checkReferences(references, await gather(references, { fresh: true, ...options }), policy);
}

function isUnchanged({ operation, spec, oldSpec, wasPipeline }: Review): boolean {
  return operation === 'UPDATE' && wasPipeline && Bun.deepEquals(spec, oldSpec);
}

function resultOf({ problems, warnings }: Findings): AdmissionResult {
  const sentences = warnings.map(problemLine);
  if (problems.length === 0) return { allowed: true, warnings: sentences };
  const lines = problems.map(problemLine);
  return { allowed: false, code: 422, reason: 'Invalid', lines, warnings: sentences };
}
