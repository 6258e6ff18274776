import type { ForgeDeps } from '../../src/promote/forges/forge.ts';
import { createRateLimits } from '../../src/promote/forges/rate.ts';
import { createFakeLog } from './log.ts';
import { loopbackOutbound } from './outbound.ts';

/** What a forge needs, on loopback and with the real parts. */
export function forgeDeps(change: Partial<ForgeDeps> = {}): ForgeDeps {
  const now = change.now ?? (() => new Date());
  return {
    outbound: loopbackOutbound(),
    log: createFakeLog().log,
    now,
    limits: createRateLimits(now),
    onForgeRequest: () => {},
    ...change,
  };
}
