import * as v from 'valibot';
import { WebUrl } from '../page.ts';
import { type ConditionalGet, isKnownAnswer } from '../request/conditional-get.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import type { SendJson } from '../request/send-json.ts';
import type { ForgeAnswer, ForgeCall, ForgeContext, ForgeOperation } from '../request/types.ts';

/** The API of one project. */
export interface Api {
  /** `https://HOST/api/v4`. */
  readonly apiUrl: string;
  readonly projectUrl: string;
  readonly call: ForgeCall;
  readonly conditionalGet: ConditionalGet;
  readonly send: SendJson;
  /** The URL of the page for people. */
  readonly pageUrl: string;
  readonly context: ForgeContext;
  readonly now: () => Date;
}

const Users = v.nullish(v.array(v.object({ id: v.number(), username: v.string() })), []);

/** The used part of GitLab's merge request: https://docs.gitlab.com/api/merge_requests/ */
export const MergeRequest = v.object({
  iid: v.pipe(v.number(), v.safeInteger()),
  web_url: WebUrl,
  // `locked` is a short state on the way to merged, or back to opened.
  state: v.picklist(['opened', 'closed', 'merged', 'locked']),
  draft: v.nullish(v.boolean(), false),
  title: v.string(),
  description: v.nullish(v.string(), ''),
  source_branch: v.string(),
  target_branch: v.string(),
  source_project_id: v.nullish(v.number()),
  target_project_id: v.nullish(v.number()),
  /** The commit at the source branch's head. */
  sha: v.nullish(v.string()),
  labels: v.nullish(v.array(v.string()), []),
  assignees: Users,
  reviewers: Users,
  merge_when_pipeline_succeeds: v.nullish(v.boolean(), false),
  /** The reason why it cannot be merged, in one word; since 15.6. */
  detailed_merge_status: v.nullish(v.string()),
  /** False also while GitLab finds it out. */
  has_conflicts: v.nullish(v.boolean(), false),
  /** Present in the answer for a single merge request. */
  head_pipeline: v.nullish(v.object({ status: v.string() })),
});
export type MergeRequest = v.InferOutput<typeof MergeRequest>;

export const STATES = { opened: 'open', locked: 'open', closed: 'closed', merged: 'merged' } as const;

export async function read(api: Api, number: number): Promise<MergeRequest | undefined> {
  return found(api, await ask(api, number));
}

/** Asks for the merge request. `tag`: of the known one; 304 is an answer then. */
export function ask(api: Api, number: number, tag?: string): Promise<ForgeAnswer> {
  const send = () => api.send({ method: 'GET', url: requestUrl(api, number), tag });
  return api.call('get', send, isKnownAnswer(tag));
}

export function found(api: Api, { status, data }: ForgeAnswer): MergeRequest | undefined {
  return status === 404 ? undefined : parsed(api, 'get', data);
}

export function parsed(api: Api, operation: ForgeOperation, data: unknown): MergeRequest {
  return parsedAnswer(MergeRequest, operation, data, api.context);
}

/** The address of a merge request, by its number in the project. */
export function requestUrl({ projectUrl }: Api, number: number, path = ''): string {
  return `${projectUrl}/merge_requests/${number}${path}`;
}

export function withQuery(url: string, query: Readonly<Record<string, string>>): string {
  return `${url}?${new URLSearchParams(query)}`;
}
