import { describe, expect, test } from 'bun:test';
import { authenticateForge } from '../../../src/http/forge/authenticate.ts';
import { fakeRechecks } from '../../fakes/rechecks.ts';

const busy = { now: () => 0, open: () => ({ kind: 'busy', due: async () => undefined }) as const };

describe('a Pipeline without Secrets for a forge', () => {
  test.each([
    ['that is looked into again', fakeRechecks(), 'unknown-pipeline'],
    ['that is not', busy, 'busy'],
  ] as const)(
    'costs one check of the proof, as one that knows no key does: %s',
    async (_, rechecks, rejection) => {
      const keys: number[] = [];
      const request = {
        forge: 'github',
        namespace: 'apps',
        name: 'nobody',
        source: '10.0.0.1',
        proof(tried: readonly Uint8Array[]) {
          keys.push(tried.length);
          return false;
        },
      } as const;
      const deps = { find: () => undefined, readSecret: () => undefined, rechecks, available: () => true };
      expect(await authenticateForge(deps, request)).toEqual({ ok: false, rejection });
      expect(keys).toEqual([0]);
    },
  );
});
