import * as v from 'valibot';
import { WebUrl } from '../page.ts';
import { type ConditionalGet, isKnownAnswer } from '../request/conditional-get.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import type { SendJson } from '../request/send-json.ts';
import type { ForgeAnswer, ForgeCall, ForgeContext, ForgeOperation } from '../request/types.ts';
import type { BitbucketAddress } from './address.ts';

/** The API of one repository. */
export interface Api {
  readonly address: BitbucketAddress;
  readonly repositoryUrl: string;
  /** The address of the builds of commits. */
  readonly buildsUrl: string;
  /** The URL of the page for people. */
  readonly pageUrl: string;
  readonly call: ForgeCall;
  readonly conditionalGet: ConditionalGet;
  readonly send: SendJson;
  readonly context: ForgeContext;
}

const Reference = v.object({
  id: v.string(),
  latestCommit: v.nullish(v.string()),
  repository: v.nullish(v.object({ id: v.nullish(v.number()) })),
});

/** The used part of Bitbucket's pull request: https://developer.atlassian.com/server/bitbucket/rest/v906/ */
export const BitbucketPullRequest = v.object({
  id: v.pipe(v.number(), v.safeInteger()),
  /** Goes up with each change; a change must name it. */
  version: v.pipe(v.number(), v.safeInteger()),
  state: v.picklist(['OPEN', 'MERGED', 'DECLINED']),
  title: v.string(),
  description: v.nullish(v.string(), ''),
  /** Since 8.18. */
  draft: v.nullish(v.boolean()),
  /** The last time that Bitbucket tried to merge it; `current`: with both branches as they are now. */
  properties: v.nullish(
    v.object({
      mergeResult: v.nullish(
        v.object({ outcome: v.nullish(v.string()), current: v.nullish(v.boolean(), true) }),
      ),
    }),
  ),
  reviewers: v.nullish(v.array(v.object({ user: v.object({ name: v.string() }) })), []),
  fromRef: Reference,
  toRef: Reference,
  links: v.nullish(v.object({ self: v.nullish(v.array(v.object({ href: WebUrl }))) })),
});
export type BitbucketPullRequest = v.InferOutput<typeof BitbucketPullRequest>;

export const STATES = { OPEN: 'open', MERGED: 'merged', DECLINED: 'closed' } as const;
export function pullUrl({ repositoryUrl }: Api, number: number): string {
  return `${repositoryUrl}/pull-requests/${number}`;
}

export async function read(api: Api, number: number): Promise<BitbucketPullRequest | undefined> {
  return found(api, await ask(api, number));
}

/** Asks for the pull request. `tag`: of the known one; 304 is an answer then. */
export function ask(api: Api, number: number, tag?: string): Promise<ForgeAnswer> {
  const send = () => api.send({ method: 'GET', url: pullUrl(api, number), tag });
  return api.call('get', send, isKnownAnswer(tag));
}

export function found(api: Api, { status, data }: ForgeAnswer): BitbucketPullRequest | undefined {
  return status === 404 ? undefined : parsed(api, 'get', data);
}

export function parsed(api: Api, operation: ForgeOperation, data: unknown): BitbucketPullRequest {
  return parsedAnswer(BitbucketPullRequest, operation, data, api.context);
}
