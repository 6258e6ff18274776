import * as v from 'valibot';
import { otherMethod } from '../merge.ts';
import type { MergeOutcome } from '../port.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import type { MergeMethod } from '../types.ts';
import type { Api } from './api.ts';

/** https://docs.gitlab.com/api/projects/#retrieve-a-project */
const Project = v.object({
  /** `merge`; `rebase_merge`: a merge commit on top of the base branch; `ff`. */
  merge_method: v.string(),
  /** `never`, `always`, `default_on`, `default_off`. */
  squash_option: v.nullish(v.string()),
});
type Project = v.InferOutput<typeof Project>;

/** Parameters of the request to merge. */
export interface MergeParameters {
  readonly squash?: true;
}

export type MethodChoice =
  | { readonly parameters: MergeParameters }
  /** The merge request is not merged by the wanted method. */
  | { readonly outcome: MergeOutcome };

/**
 * The project says whether there are merge commits; squashing comes on top of that, for each merge request. Without a
 * wanted method both are left to GitLab.
 */
export async function chooseMethod(api: Api, method: MergeMethod | undefined): Promise<MethodChoice> {
  if (!method) return { parameters: {} };
  const send = () => api.send({ method: 'GET', url: api.projectUrl });
  const { data } = await api.call('merge', send);
  const project = parsedAnswer(Project, 'merge', data, api.context);
  const why = REFUSALS[method](project);
  if (why) return { outcome: otherMethod(api.context, method, why) };
  return { parameters: method === 'squash' ? { squash: true } : {} };
}

const REFUSALS: Readonly<Record<MergeMethod, (project: Project) => string | undefined>> = {
  merge: ({ merge_method: set }) => (set === 'ff' ? 'it merges by fast-forward alone' : undefined),
  squash: ({ squash_option: set }) => (set === 'never' ? 'it does not allow to squash commits' : undefined),
  rebase: ({ merge_method: set }) => (set === 'ff' ? undefined : 'it makes merge commits'),
};
