import type { ForgeDeps } from '../../src/lib/forges/deps.ts';
import type { Waits } from '../../src/lib/forges/request/concurrency.ts';
import { createSharedLimits } from '../../src/lib/forges/shared-limits.ts';
import { createFakeLog } from './log.ts';
import { loopbackOutbound } from './outbound.ts';

/** Every turn comes at once, and time passes by nothing else. */
export function noWaits(): Waits {
  let elapsed = 0;
  return {
    elapsed: () => elapsed,
    sleep: async (ms) => {
      elapsed += ms;
    },
  };
}

/** The dependencies of a forge, on loopback and with the real parts. */
export function forgeDeps(change: Partial<ForgeDeps> = {}): ForgeDeps {
  const now = change.now ?? (() => new Date());
  return {
    outbound: loopbackOutbound(),
    log: createFakeLog().log,
    now,
    ...createSharedLimits(now, noWaits()),
    onForgeRequest: () => {},
    ...change,
  };
}
