import type { AzureState, FakePolicy, FakePull, MergeStrategy } from './state.ts';

/** `Require a merge strategy`, which people see as `Limit merge types`; its id is the same everywhere. */
export const MERGE_TYPES = {
  id: 'fa4e907d-c16b-4a4c-9dfa-4916e5d171ab',
  displayName: 'Require a merge strategy',
};

const SETTINGS = {
  noFastForward: 'allowNoFastForward',
  squash: 'allowSquash',
  rebase: 'allowRebase',
  rebaseMerge: 'allowRebaseMerge',
} as const;

/**
 * The result of a policy for a pull request. Of merge types: by how it would be completed now, which is without
 * fast-forward unless something else was chosen; it is rejected before anybody has chosen.
 */
export function resultOf({ type, settings = {}, status }: FakePolicy, pull: FakePull): FakePolicy['status'] {
  if (type.id !== MERGE_TYPES.id) return status;
  const strategy = pull.completionOptions?.mergeStrategy ?? 'noFastForward';
  return allows(settings, strategy) ? 'approved' : 'rejected';
}

function allows(settings: NonNullable<FakePolicy['settings']>, strategy: MergeStrategy): boolean {
  const { useSquashMerge } = settings;
  if (useSquashMerge !== undefined) return useSquashMerge === (strategy === 'squash');
  return settings[SETTINGS[strategy]] === true;
}

/** Its id, by its place. */
export function idOf({ options }: AzureState, policy: FakePolicy): number {
  return options.policies.indexOf(policy) + 1;
}

/**
 * An auto-complete waits for optional policies too, but for those on its ignore list:
 * https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-requests/update#gitpullrequestcompletionoptions
 */
export function completes(state: AzureState, pull: FakePull): boolean {
  const { autoCompleteIgnoreConfigIds: ignored = [] } = pull.completionOptions ?? {};
  return state.options.policies.every((one) => {
    const isIgnored = !one.isBlocking && ignored.includes(idOf(state, one));
    return isIgnored || resultOf(one, pull) === 'approved';
  });
}

/** True when the pull request meets the conditions to complete it at once. */
export function isMet({ options }: AzureState, pull: FakePull): boolean {
  return options.policies.every((one) => !one.isBlocking || resultOf(one, pull) === 'approved');
}
