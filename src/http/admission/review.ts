import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { AdmissionReview } from '../../api/admission.ts';
import { GROUP, KIND } from '../../api/group.ts';
import type { PipelineSpec } from '../../api/pipeline.ts';
import type { HostPolicy } from '../../decide/hosts.ts';
import {
  type FieldProblem,
  type PipelineNames,
  parseSpec,
  problemLine,
  schemaProblems,
  secretNeeds,
  specWarnings,
  validateSpec,
} from '../../decide/validate.ts';
import type { Verdict } from './answer.ts';
import { checkSecrets, type ReadSecret } from './secrets.ts';

export interface JudgeDeps {
  readonly policy: HostPolicy;
  readonly readSecret: ReadSecret;
}

/** A Pipeline as it stands in an AdmissionReview; the spec is judged on its own. */
const ReviewedPipeline = v.object({
  apiVersion: v.pipe(v.string(), v.startsWith(`${GROUP}/`, `Send objects of ${GROUP} alone.`)),
  kind: v.literal(KIND),
  metadata: v.optional(v.object({ name: v.optional(v.string()) })),
  spec: v.optional(v.unknown()),
});

const OPERATIONS = ['CREATE', 'UPDATE', 'DELETE'];

export interface Review {
  readonly uid: string;
  readonly operation: string;
  readonly names: PipelineNames;
  readonly user: string;
  readonly dryRun: boolean;
  /** Undefined when there is none, and on DELETE. */
  readonly spec: unknown;
  readonly oldSpec: unknown;
}

/** Reads the body of a request; a text is the sentence that says why it is no review of a Pipeline. */
export function parseReview(body: string): Review | string {
  const json = parseJson(body);
  if (json === undefined) return 'The body is not JSON: send an AdmissionReview of admission.k8s.io/v1.';
  const review = v.safeParse(AdmissionReview, json);
  if (!review.success) return schemaProblems(review.issues, 'AdmissionReview').map(problemLine).join(' ');
  const { request } = review.output;
  if (!OPERATIONS.includes(request.operation))
    return `Send one of ${OPERATIONS.join(', ')} as the operation.`;
  const object = v.safeParse(ReviewedPipeline, request.object ?? undefined);
  if (request.operation !== 'DELETE' && !object.success) {
    return schemaProblems(object.issues, 'AdmissionReview.request.object').map(problemLine).join(' ');
  }
  const old = v.safeParse(ReviewedPipeline, request.oldObject ?? undefined);
  const name = (object.success && object.output.metadata?.name) || request.name;
  return {
    uid: request.uid,
    operation: request.operation,
    names: { namespace: request.namespace, name },
    user: request.userInfo?.username ?? '',
    dryRun: request.dryRun,
    spec: object.success ? object.output.spec : undefined,
    oldSpec: old.success ? old.output.spec : undefined,
  };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/**
 * Judges one request. Nothing is asked of anyone but the API server for the Secrets. Deletions pass, and so
 * do updates that leave the spec as it is: an old fault must not keep a finalizer or a label from changing.
 */
export async function judge(review: Review, { policy, readSecret }: JudgeDeps): Promise<Verdict> {
  if (review.operation === 'DELETE' || isUnchanged(review)) return { allowed: true, warnings: [] };
  const parsed = parseSpec(review.spec);
  if (parsed.kind === 'invalid') return denied(parsed.problems, []);
  const problems = validateSpec(parsed.spec, policy, review.names);
  const warnings = specWarnings(parsed.spec, review.names.namespace);
  const secrets = await findings(parsed.spec, review, readSecret);
  const all = [...problems, ...secrets.problems];
  const doubts = [...warnings, ...secrets.warnings];
  return all.length > 0 ? denied(all, doubts) : { allowed: true, warnings: doubts.map(problemLine) };
}

/**
 * A dry run only warns of Secrets: Flux dry-runs a whole stage before it applies the Secret that comes with
 * the Pipeline.
 */
async function findings(spec: PipelineSpec, { names, dryRun }: Review, read: ReadSecret) {
  const found = await checkSecrets(secretNeeds(spec), names.namespace, read);
  return dryRun ? { problems: [], warnings: [...found.problems, ...found.warnings] } : found;
}

function isUnchanged({ operation, spec, oldSpec }: Review): boolean {
  return operation === 'UPDATE' && isDeepStrictEqual(spec, oldSpec);
}

function denied(problems: readonly FieldProblem[], warnings: readonly FieldProblem[]): Verdict {
  return {
    allowed: false,
    code: 422,
    reason: 'Invalid',
    lines: problems.map(problemLine),
    warnings: warnings.map(problemLine),
  };
}
