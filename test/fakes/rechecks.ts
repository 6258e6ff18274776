import { createRechecks } from '../../src/http/signed/rechecks.ts';
import type { SecretRead } from '../../src/http/signed/secrets.ts';

/** Rechecks without waiting and without a limit. */
export function fakeRechecks() {
  return createRechecks<readonly SecretRead[]>({
    now: () => 0,
    sleep: async () => undefined,
    random: () => 0,
    reads: () => [],
    limits: { intervalMs: 0, source: 1_000_000, total: 1_000_000 },
  });
}
