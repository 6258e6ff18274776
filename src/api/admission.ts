import * as v from 'valibot';

/** The user who asks for a change, as the API server's authentication has it (authentication.k8s.io/v1, UserInfo). */
export const Author = v.object({
  username: v.optional(v.string(), ''),
  uid: v.optional(v.string(), ''),
  groups: v.optional(v.array(v.string()), []),
  extra: v.optional(v.record(v.string(), v.array(v.string())), {}),
});
export type Author = v.InferOutput<typeof Author>;

/** An AdmissionReview request (admission.k8s.io/v1): only what is used. */
export const AdmissionReview = v.object({
  apiVersion: v.literal('admission.k8s.io/v1'),
  kind: v.literal('AdmissionReview'),
  request: v.object({
    uid: v.string(),
    operation: v.string(),
    // Both are kept with what was looked up for them.
    namespace: v.optional(v.pipe(v.string(), v.maxLength(63)), ''),
    name: v.optional(v.pipe(v.string(), v.maxLength(253)), ''),
    dryRun: v.optional(v.boolean(), false),
    userInfo: v.optional(Author),
    object: v.optional(v.unknown()),
    oldObject: v.optional(v.unknown()),
  }),
});
export type AdmissionReview = v.InferOutput<typeof AdmissionReview>;

/** The answer to an AdmissionReview. */
export interface AdmissionResponse {
  readonly apiVersion: 'admission.k8s.io/v1';
  readonly kind: 'AdmissionReview';
  readonly response: {
    readonly uid: string;
    readonly allowed: boolean;
    readonly warnings?: readonly string[];
    readonly status?: {
      readonly status: 'Failure';
      readonly reason: string;
      readonly code: number;
      readonly message: string;
    };
  };
}
