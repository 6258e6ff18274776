import * as v from 'valibot';
import { WebUrl } from '../page.ts';
import { type ConditionalGet, isKnownAnswer } from '../request/conditional-get.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import type { SendJson } from '../request/send-json.ts';
import type { Sightings } from '../request/sightings.ts';
import type { ForgeAnswer, ForgeCall, ForgeContext, ForgeOperation } from '../request/types.ts';
import { MergeRules } from './method.ts';

/** The API of one repository. */
export interface Api {
  readonly call: ForgeCall;
  readonly conditionalGet: ConditionalGet;
  readonly send: SendJson;
  readonly repositoryUrl: string;
  /** The URL of the page for people. */
  readonly pageUrl: string;
  readonly context: ForgeContext;
  readonly sightings: Sightings;
}

const Users = v.nullish(v.array(v.object({ login: v.string() })), []);

/**
 * The used part of Gitea's and Forgejo's pull request (their `/api/swagger`). `label` is the branch; `ref`
 * becomes `refs/pull/N/head` once the branch is deleted.
 */
export const GiteaPullRequest = v.object({
  number: v.pipe(v.number(), v.safeInteger()),
  html_url: WebUrl,
  state: v.picklist(['open', 'closed']),
  merged: v.nullish(v.boolean(), false),
  draft: v.nullish(v.boolean(), false),
  title: v.string(),
  body: v.nullish(v.string(), ''),
  labels: v.nullish(v.array(v.object({ name: v.string() })), []),
  assignees: Users,
  /** The reviewers, with those who have given a review. */
  requested_reviewers: Users,
  /** False for conflicts, for drafts, and while Gitea looks for conflicts, which a read makes it do. */
  mergeable: v.nullish(v.boolean(), true),
  /** The last commit that both branches had in common when Gitea looked. */
  merge_base: v.nullish(v.string()),
  base: v.object({
    label: v.string(),
    sha: v.nullish(v.string()),
    repo_id: v.nullish(v.number()),
    repo: v.nullish(MergeRules, {}),
  }),
  head: v.object({ label: v.string(), repo_id: v.nullish(v.number()), sha: v.nullish(v.string()) }),
});
export type GiteaPullRequest = v.InferOutput<typeof GiteaPullRequest>;

export async function read(api: Api, number: number): Promise<GiteaPullRequest | undefined> {
  return found(api, await ask(api, number));
}

/** Asks for the pull request. `tag`: of the known one; 304 is an answer then. */
export function ask(api: Api, number: number, tag?: string): Promise<ForgeAnswer> {
  const send = () => api.send({ method: 'GET', url: `${api.repositoryUrl}/pulls/${number}`, tag });
  return api.call('get', send, isKnownAnswer(tag));
}

export function found(api: Api, { status, data }: ForgeAnswer): GiteaPullRequest | undefined {
  return status === 404 ? undefined : parsed(api, 'get', data);
}

export function parsed(api: Api, operation: ForgeOperation, data: unknown): GiteaPullRequest {
  return parsedAnswer(GiteaPullRequest, operation, data, api.context);
}

export function stateOf({ merged, state }: GiteaPullRequest): 'open' | 'merged' | 'closed' {
  return merged ? 'merged' : state;
}
