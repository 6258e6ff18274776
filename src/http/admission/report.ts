import type { Logger } from '../../lib/logger.ts';
import { cut } from '../../lib/text/index.ts';
import type { AdmissionResult } from './answer.ts';
import type { Review } from './review.ts';

/** Logs what became of reviews. */
export type ReviewLog = (review: Review, result: AdmissionResult) => void;

const MAX_PROBLEMS = 10;
/** Of a text that the caller chose. */
const MAX_TEXT = 300;
const MAX_DENIALS = 20;
const INTERVAL_MS = 1000;

/** Denials that are logged in a second; of more only the number is, for any caller that reaches the port can be denied at will. */
export function createReviewLog(
  log: Logger,
  now: () => number = performance.now.bind(performance),
): ReviewLog {
  let [begun, denials] = [Number.NEGATIVE_INFINITY, 0];

  /** How many denials of the interval before went unlogged, where this one begins the next. */
  function nextInterval(): number {
    if (now() - begun < INTERVAL_MS) return 0;
    const suppressed = Math.max(denials - MAX_DENIALS, 0);
    [begun, denials] = [now(), 0];
    return suppressed;
  }

  return ({ names, operation, user, dryRun }, result) => {
    const fields = { ...names, operation, user: cut(user, MAX_TEXT), dryRun };
    if (result.allowed) {
      log.debug({ ...fields, warnings: result.warnings.length }, 'pipeline allowed');
      return;
    }
    const suppressed = nextInterval();
    denials += 1;
    if (denials > MAX_DENIALS) return;
    const problems = result.lines.slice(0, MAX_PROBLEMS).map((line) => cut(line, MAX_TEXT));
    log.info({ ...fields, problems, ...(suppressed > 0 && { suppressed }) }, 'pipeline denied');
  };
}
