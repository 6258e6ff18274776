import type { AdmissionResponse } from '../../api/admission.ts';
import { cut, oneLine } from '../../lib/text/index.ts';

/** The result of a review. `lines` and `warnings` are whole sentences, the field's path first. */
export type AdmissionResult =
  | { readonly allowed: true; readonly warnings: readonly string[] }
  | {
      readonly allowed: false;
      readonly code: 422 | 500;
      readonly reason: 'Invalid' | 'InternalError';
      readonly lines: readonly string[];
      readonly warnings: readonly string[];
    };

const MAX_LINES = 50;
const MAX_LINE = 512;
/** The API server drops what goes beyond 4096 characters in all, and asks for at most 256 in each. */
const MAX_WARNINGS = 15;
const MAX_WARNING = 256;

/** The AdmissionReview (admission.k8s.io/v1) that answers the request `uid`. */
export function answer(uid: string, result: AdmissionResult): AdmissionResponse {
  const warnings = bounded(result.warnings, MAX_WARNINGS, MAX_WARNING);
  const status = result.allowed ? undefined : failure(result);
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed: result.allowed,
      ...(warnings.length > 0 && { warnings }),
      ...(status && { status }),
    },
  };
}

function failure({ code, reason, lines }: Extract<AdmissionResult, { allowed: false }>) {
  const message = bounded(lines, MAX_LINES, MAX_LINE).join('\n');
  return { status: 'Failure' as const, reason, code, message };
}

/** One line each: a control character would make the API server drop a warning. */
function bounded(lines: readonly string[], count: number, length: number): string[] {
  const shown = lines.slice(0, count).map((line) => cut(oneLine(line), length));
  const more = lines.length - shown.length;
  return more > 0 ? [...shown, `and ${more} more.`] : shown;
}
