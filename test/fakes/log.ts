import type { Logger } from '../../src/lib/logger.ts';
import { createLogger } from '../../src/telemetry/log.ts';

/** A logger whose lines a test can read. */
export function createFakeLog(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const write = (line: string) => {
    lines.push(line);
  };
  return { log: createLogger({ level: 'debug', encoding: 'json', write, now: () => new Date() }), lines };
}
