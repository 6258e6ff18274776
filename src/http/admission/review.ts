import * as v from 'valibot';
import { AdmissionReview, type Author } from '../../api/admission.ts';
import { GROUP, KIND } from '../../api/group.ts';
import { type PipelineNames, problemLine, schemaProblems } from '../../decide/validation.ts';
import { parseJson } from '../body.ts';

/** A Pipeline as it stands in an AdmissionReview; the spec is validated on its own. */
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
  /** Undefined where the review names nobody. */
  readonly author: Author | undefined;
  readonly dryRun: boolean;
  /** Undefined when there is none, and on DELETE. */
  readonly spec: unknown;
  readonly oldSpec: unknown;
  /** True: there was a Pipeline before the change, as in the API server's reviews of updates. */
  readonly wasPipeline: boolean;
}

/** A list may be wrong at a million places: one is named. */
const FIRST = { abortEarly: true };
const NOT_JSON = 'The body is not JSON: send an AdmissionReview of admission.k8s.io/v1.';

/** Reads the body of a request; a text is the sentence that says why it is no review of a Pipeline. */
export function parseReview(body: Uint8Array): Review | string {
  const json = parseJson(body, NOT_JSON);
  if (!json.ok) return json.detail;
  const review = v.safeParse(AdmissionReview, json.value, FIRST);
  if (!review.success) return sentencesOf(review.issues, 'AdmissionReview');
  const { request } = review.output;
  if (!OPERATIONS.includes(request.operation))
    return `Send one of ${OPERATIONS.join(', ')} as the operation.`;
  const object = v.safeParse(ReviewedPipeline, request.object ?? undefined, FIRST);
  if (request.operation !== 'DELETE' && !object.success) {
    return sentencesOf(object.issues, 'AdmissionReview.request.object');
  }
  const name = (object.success && object.output.metadata?.name) || request.name;
  return {
    uid: request.uid,
    operation: request.operation,
    names: { namespace: request.namespace, name },
    user: request.userInfo?.username ?? '',
    author: request.userInfo?.username ? request.userInfo : undefined,
    dryRun: request.dryRun,
    spec: object.success ? object.output.spec : undefined,
    ...before(request.oldObject),
  };
}

function sentencesOf(issues: Parameters<typeof schemaProblems>[0], top: string): string {
  return schemaProblems(issues, top).map(problemLine).join(' ');
}

function before(old: unknown): Pick<Review, 'oldSpec' | 'wasPipeline'> {
  const was = v.safeParse(ReviewedPipeline, old ?? undefined, FIRST);
  return { oldSpec: was.success ? was.output.spec : undefined, wasPipeline: was.success };
}
