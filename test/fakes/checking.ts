import type { Checking } from '../../src/reconcile/check.ts';

/** What is around the Pipeline is good, and as it was; its spec may have faults. */
export function noNews(spec: readonly string[] = []): Checking {
  return {
    spec,
    whole: async () => ({ spec: [], secrets: [], warnings: [] }),
    changed: async () => false,
    handled: () => {},
  };
}
