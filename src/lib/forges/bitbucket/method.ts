import * as v from 'valibot';
import { parsedAnswer } from '../request/parsed-answer.ts';
import type { MergeMethod } from '../types.ts';
import type { Api } from './api.ts';

/** https://developer.atlassian.com/server/bitbucket/rest/v906/api-group-repository/ */
const Settings = v.object({
  mergeConfig: v.object({
    strategies: v.nullish(v.array(v.object({ id: v.string(), enabled: v.nullish(v.boolean(), true) })), []),
  }),
});

/** Preferred strategies come first. `ff-only` and `squash-ff-only` take only what is built on all of the base. */
const STRATEGIES: Readonly<Record<MergeMethod, readonly string[]>> = {
  merge: ['no-ff'],
  squash: ['squash', 'squash-ff-only'],
  rebase: ['rebase-ff-only', 'rebase-no-ff', 'ff-only'],
};

/** `id` is undefined where the repository allows none of them. */
export interface Strategy {
  readonly id: string | undefined;
  readonly allowed: readonly string[];
}

/** The strategy of the repository that stands for a method. */
export async function strategyOf(api: Api, method: MergeMethod): Promise<Strategy> {
  const url = `${api.repositoryUrl}/settings/pull-requests`;
  const { data } = await api.call('merge', () => api.send({ method: 'GET', url }));
  const { strategies } = parsedAnswer(Settings, 'merge', data, api.context).mergeConfig;
  const allowed = strategies.filter(({ enabled }) => enabled).map(({ id }) => id);
  return { id: STRATEGIES[method].find((id) => allowed.includes(id)), allowed };
}
