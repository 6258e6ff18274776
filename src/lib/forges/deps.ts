import type { Outbound } from '../net/index.ts';
import type { ForgeCallDeps } from './request/call.ts';
import type { ForgeMemory } from './request/shared-limits.ts';

/** What every forge is made with. */
export interface ForgeDeps extends ForgeCallDeps, ForgeMemory {
  readonly outbound: Outbound;
}
