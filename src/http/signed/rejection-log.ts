import type { Logger } from '../../lib/logger.ts';
import { cut } from '../../lib/text/index.ts';

/**
 * Logs refused requests without becoming a load itself: the first of a kind at once, the others as a
 * count, at most once a second.
 */
export type RejectionLog = (fields: {
  readonly reason: string;
  readonly path: string;
  readonly source: string;
  /** The error, where the fault is ours or the API server's. */
  readonly cause?: unknown;
}) => void;

const INTERVAL_MS = 1000;

export function createRejectionLog(log: Logger, now: () => number): RejectionLog {
  const kinds = new Map<string, { at: number; suppressed: number }>();
  return ({ reason, path, source, cause }) => {
    // By the reason alone: callers that are not authenticated invent names.
    const seen = kinds.get(reason);
    if (seen && now() - seen.at < INTERVAL_MS) {
      seen.suppressed += 1;
      return;
    }
    kinds.set(reason, { at: now(), suppressed: 0 });
    const more = seen?.suppressed ? { suppressed: seen.suppressed } : {};
    const fields = { reason, path: cut(path, 300), source, ...more };
    if (cause === undefined) log.info(fields, 'request refused');
    else log.warn({ ...fields, error: cause }, 'request refused');
  };
}
