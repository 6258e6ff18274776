import type { PromotionRequest } from '../../src/promote/strategy.ts';

/** A promotion of 1.3.0 into staging, with changes. */
export function promotionRequest(change: Partial<PromotionRequest> = {}): PromotionRequest {
  return {
    pipeline: { namespace: 'team', name: 'app', uid: '9a7c5e0e-0000-4000-8000-000000000001' },
    application: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: 'app' },
    environment: 'staging',
    revision: '1.3.0',
    runs: '1.2.0',
    source: { environment: 'dev', deployedAt: '2026-11-21T10:37:49Z' },
    due: '2026-11-21T10:37:50Z',
    recorded: Promise.resolve(),
    ...change,
  };
}
