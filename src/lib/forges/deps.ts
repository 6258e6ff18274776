import type { Outbound } from '../net/index.ts';
import type { ForgeCallDeps } from './request/call.ts';
import type { SharedLimits } from './request/shared-limits.ts';

/** What every forge is made with. */
export interface ForgeDeps extends ForgeCallDeps, SharedLimits {
  readonly outbound: Outbound;
}
