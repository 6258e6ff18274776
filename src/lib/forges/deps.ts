import type { Outbound } from '../net/index.ts';
import type { ForgeCallDeps } from './request/call.ts';
import type { SharedLimits } from './shared-limits.ts';

/** Dependencies of every forge. */
export interface ForgeDeps extends ForgeCallDeps, SharedLimits {
  readonly outbound: Outbound;
}
