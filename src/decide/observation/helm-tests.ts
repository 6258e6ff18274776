import * as v from 'valibot';

/**
 * Helm tests run after a release has succeeded, and may end in a rollback: until they have passed it is not known if
 * the release stays (https://fluxcd.io/flux/components/helm/helmreleases/#test-configuration).
 */
export const HELM_TESTS = ['awaited', 'failed'] as const;
export type HelmTests = (typeof HELM_TESTS)[number];

export const TESTS_AWAITED = 'Waits until its Helm tests have passed.';

/** Parsing stops at the first fault, as another cluster's object may have a million. */
const FIRST = { abortEarly: true };

const Tested = v.object({
  spec: v.object({ test: v.object({ enable: v.literal(true), ignoreFailures: v.optional(v.unknown()) }) }),
  status: v.object({
    conditions: v.array(v.looseObject({ type: v.string() })),
    history: v.fallback(v.optional(v.array(v.looseObject({})), []), []),
  }),
});

/** The tests that count for a HelmRelease and that it waits for; undefined: none. */
export function helmTests(object: unknown): HelmTests | undefined {
  const parsed = v.safeParse(Tested, object, FIRST);
  if (!parsed.success || parsed.output.spec.test.ignoreFailures === true) return undefined;
  const { conditions, history } = parsed.output.status;
  const statusOf = (type: string) => conditions.find((one) => one.type === type)?.status;
  switch (statusOf('TestSuccess')) {
    case 'True':
      return undefined;
    case 'False':
      return 'failed';
    case 'Unknown':
      return 'awaited';
    default:
      return statusOf('Released') === 'True' && isUntested(history[0]) ? 'awaited' : undefined;
  }
}

/** helm-controller removes the condition with the tests, and keeps in the history that they ran. */
function isUntested(release: Record<string, unknown> | undefined): boolean {
  return release?.status === 'deployed' && release.testHooks === undefined;
}
