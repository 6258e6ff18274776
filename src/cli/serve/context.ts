import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { ServeConfig } from './flags.ts';

/** The configuration, and the tools that every part of the program has. */
export interface Context {
  readonly config: ServeConfig;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: () => Date;
}
