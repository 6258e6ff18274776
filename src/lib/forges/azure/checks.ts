import * as v from 'valibot';
import type { Checks } from '../merge.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import { STATUS_CONTEXT } from '../status.ts';
import { type Api, type AzurePullRequest, pullUrl, withQuery } from './api.ts';
import { allowedStrategies, limitsStrategies, type MergeStrategy, StrategySettings } from './strategies.ts';
import type { AzureRequest } from './versions.ts';

/** Checks and policies that hold a pull request back. */
export interface AzureChecks extends Checks {
  /** A policy that must be met is not met yet: an auto-complete waits for it. */
  readonly blocked: boolean;
  /** Ids of optional policies that are not checks: an auto-complete would wait for them, too. */
  readonly optional: readonly number[];
  /** Ways to merge that the policies allow, the best first. */
  readonly strategies: readonly MergeStrategy[];
}

/** `notSet` and `pending` are not done. */
const PASSED = ['succeeded', 'partiallySucceeded', 'notApplicable'];
const FAILING = ['failed', 'error'];

const Statuses = v.object({
  value: v.array(
    v.object({
      id: v.nullish(v.number(), 0),
      state: v.nullish(v.string(), 'notSet'),
      context: v.object({ genre: v.nullish(v.string(), ''), name: v.nullish(v.string(), '') }),
    }),
  ),
});

/** https://learn.microsoft.com/en-us/rest/api/azure/devops/policy/evaluations/list */
const Evaluations = v.object({
  value: v.array(
    v.object({
      status: v.nullish(v.string(), 'queued'),
      configuration: v.object({
        id: v.nullish(v.number()),
        isBlocking: v.nullish(v.boolean(), true),
        isEnabled: v.nullish(v.boolean(), true),
        isDeleted: v.nullish(v.boolean(), false),
        type: v.object({ id: v.string(), displayName: v.nullish(v.string(), '') }),
        settings: v.nullish(
          v.object({
            /** The status that a policy Status wants. */
            statusGenre: v.nullish(v.string(), ''),
            statusName: v.nullish(v.string(), ''),
            ...StrategySettings.entries,
          }),
        ),
      }),
    }),
  ),
});
type Evaluation = v.InferOutput<typeof Evaluations>['value'][number];

/** The policies Build and Status, which are the same everywhere; others speak of people and text. */
const CHECK_POLICIES = ['0609b952-1397-4640-95ec-e00a01b2c241', 'cbdc66da-9728-4af8-aada-9a5a32e4a226'];

export async function checksOf(api: Api, pull: AzurePullRequest, commit: string): Promise<AzureChecks> {
  const statuses = [
    ...(await statusesOf(api, commit)),
    ...(await statusesAt(api, { url: pullUrl(api, `/${pull.pullRequestId}/statuses`), preview: '6.0' })),
  ];
  const policies = await policiesOf(api, pull);
  const names = (states: (state: string) => boolean, results: readonly string[]) => [
    ...statuses.filter(({ state }) => states(state)).map(({ name }) => name),
    ...policies
      .filter((policy) => isCheck(policy) && results.includes(policy.status))
      .map(({ configuration }) => configuration.type.displayName),
  ];
  return {
    any: statuses.some(isOthers) || policies.some((policy) => isCheck(policy) && !isOurs(policy)),
    failing: names((state) => FAILING.includes(state), ['rejected', 'broken']),
    pending: names((state) => !FAILING.includes(state) && !PASSED.includes(state), ['queued', 'running']),
    blocked: policies.some(isBlocking),
    optional: policies.flatMap((policy) => optionalOf(policy)),
    strategies: allowedStrategies(policies.map(({ configuration }) => configuration)),
  };
}

/** Reports whether a commit has a status other than our own. */
export async function commitHasChecks(api: Api, commit: string): Promise<boolean> {
  return (await statusesOf(api, commit)).some(isOthers);
}

function isOthers({ name }: { readonly name: string }): boolean {
  return name !== STATUS_CONTEXT;
}

function statusesOf(api: Api, commit: string) {
  const url = withQuery(`${api.repositoryUrl}/commits/${commit}/statuses`, { latestOnly: 'true' });
  return statusesAt(api, { url });
}

/** Reads the latest status of each context. */
async function statusesAt(api: Api, at: Pick<AzureRequest, 'url' | 'preview'>) {
  const { data } = await api.call('checks', () => api.send({ method: 'GET', ...at }));
  const { value } = parsedAnswer(Statuses, 'checks', data, api.context);
  const latest = new Map<string, { name: string; state: string }>();
  for (const { state, context } of value.toSorted((one, other) => one.id - other.id)) {
    const name = nameOf(context.genre, context.name);
    latest.set(name, { name, state });
  }
  return [...latest.values()];
}

async function policiesOf(api: Api, pull: AzurePullRequest): Promise<readonly Evaluation[]> {
  const project = pull.repository?.project?.id ?? '';
  const artifactId = `vstfs:///CodeReview/CodeReviewId/${project}/${pull.pullRequestId}`;
  const url = withQuery(`${api.projectUrl}/policy/evaluations`, { artifactId });
  const { data } = await api.call('checks', () => api.send({ method: 'GET', url, preview: 'always' }));
  const { value } = parsedAnswer(Evaluations, 'checks', data, api.context);
  return value.filter(({ configuration }) => configuration.isEnabled && !configuration.isDeleted);
}

function nameOf(genre: string, name: string): string {
  return [genre, name].filter(Boolean).join('/');
}

function isCheck({ configuration }: Evaluation): boolean {
  return CHECK_POLICIES.includes(configuration.type.id.toLowerCase());
}

function optionalOf(policy: Evaluation): number[] {
  const { id, isBlocking } = policy.configuration;
  return isBlocking || isCheck(policy) || typeof id !== 'number' ? [] : [id];
}

/** Reports whether the policy wants our own status. */
function isOurs({ configuration: { settings } }: Evaluation): boolean {
  return nameOf(settings?.statusGenre ?? '', settings?.statusName ?? '') === STATUS_CONTEXT;
}

/** The merge strategy is sent with the merge: until then the policy on that counts as rejected. */
function isBlocking({ status, configuration }: Evaluation): boolean {
  if (limitsStrategies(configuration)) return false;
  return configuration.isBlocking && status !== 'approved' && status !== 'notApplicable';
}
