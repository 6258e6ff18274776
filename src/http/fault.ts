import type { Logger } from '../lib/logger.ts';
import { problem } from './problem.ts';

const INTERVAL_MS = 1000;

/**
 * Answers a request that failed by a fault of our own. The log says why, at most once a second: what fails once for a
 * caller may fail as often as it is sent.
 */
export function createFaultAnswer(
  server: string,
  log: Logger,
  now: () => number = performance.now.bind(performance),
): (error: unknown) => Response {
  let [logged, suppressed] = [Number.NEGATIVE_INFINITY, 0];
  return (error) => {
    if (now() - logged < INTERVAL_MS) {
      suppressed += 1;
    } else {
      log.error({ server, error, ...(suppressed > 0 && { suppressed }) }, 'request failed');
      [logged, suppressed] = [now(), 0];
    }
    return problem({ status: 500, title: 'Internal Server Error' });
  };
}
