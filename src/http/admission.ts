import { Hono } from 'hono';
import type { Logger } from '../lib/logger.ts';
import { type AdmissionResult, answer } from './admission/answer.ts';
import { createReviewLog, type ReviewLog } from './admission/report.ts';
import { parseReview, type Review } from './admission/review.ts';
import { type ValidateDeps, validate } from './admission/validate.ts';
import { MAX_BODY_BYTES, unread } from './body.ts';
import { createFaultAnswer } from './fault.ts';
import { json, methodNotAllowed, noRoom, notFound, problem } from './problem.ts';
import { type Held, INTAKE, type Intake, type IntakeLimits } from './server/intake.ts';
import type { Bindings } from './server/source.ts';

export interface AdmissionDeps extends ValidateDeps {
  readonly log: Logger;
  readonly intake: Intake;
  /** Called once for every review that was answered. */
  onReview(allowed: boolean, seconds: number): void;
}

/**
 * For reviews under way. A body stays until its review is over, and takes several times its bytes once it is
 * parsed; those of an API server are a few kilobytes each.
 */
export const REVIEWS: IntakeLimits = { ...INTAKE, total: 16 * 1024 * 1024, source: 8 * 1024 * 1024 };

const OWN_FAULT: AdmissionResult = {
  allowed: false,
  code: 500,
  reason: 'InternalError',
  lines: ['Turnpike could not check this Pipeline because of an internal error: see its log.'],
  warnings: [],
};

/**
 * The admission webhook: `POST /validate` takes and gives AdmissionReview (admission.k8s.io/v1). A request
 * that is none gets 400 or 413 as problem details. Nobody but the API server is asked for anything.
 */
export function createAdmission(deps: AdmissionDeps): Hono<{ Bindings: Bindings }> {
  const app = new Hono<{ Bindings: Bindings }>();
  const own = { ...deps, report: createReviewLog(deps.log) };
  // One route for all methods: hono takes a shorter way where a single one fits.
  app.all('/validate', async ({ req, env }) => {
    if (req.method !== 'POST') return methodNotAllowed('POST');
    const held = deps.intake.open(env?.source ?? '');
    if (!held) return noRoom();
    try {
      return await review(req.raw, held, own);
    } finally {
      held.close();
    }
  });
  app.notFound(() => notFound());
  app.onError(createFaultAnswer('admission', deps.log));
  return app;
}

async function review(
  request: Request,
  held: Held,
  deps: AdmissionDeps & { readonly report: ReviewLog },
): Promise<Response> {
  const started = performance.now();
  const body = await held.read(request, MAX_BODY_BYTES);
  if (typeof body === 'string') return unread(body, MAX_BODY_BYTES);
  const parsed = parseReview(body);
  if (typeof parsed === 'string') return problem({ status: 400, title: 'Bad Request', detail: parsed });
  const result = await validateSafely(parsed, deps);
  deps.onReview(result.allowed, (performance.now() - started) / 1000);
  deps.report(parsed, result);
  return json(200, answer(parsed.uid, result));
}

/** Fails closed: what could not be checked is not let in. */
async function validateSafely(review: Review, deps: AdmissionDeps): Promise<AdmissionResult> {
  try {
    return await validate(review, deps);
  } catch (error) {
    deps.log.error({ ...review.names, error }, 'pipeline could not be checked');
    return OWN_FAULT;
  }
}
