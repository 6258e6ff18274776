import * as v from 'valibot';
import { type ConditionalGet, isKnownAnswer } from '../request/conditional-get.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import type { ForgeAnswer, ForgeCall, ForgeContext, ForgeOperation } from '../request/types.ts';
import type { SendAzure } from './versions.ts';

/** The API of one repository. */
export interface Api {
  /** The address of the organization or collection, without a slash at its end. */
  readonly organizationUrl: string;
  /** The URL at which users are looked up. */
  readonly identitiesUrl: string;
  readonly projectUrl: string;
  readonly repositoryUrl: string;
  /** The URL of the page for people. */
  readonly pageUrl: string;
  readonly call: ForgeCall;
  readonly conditionalGet: ConditionalGet;
  /** Adds the version of the API to the URL. */
  readonly send: SendAzure;
  readonly context: ForgeContext;
}

/** The used part of Azure's pull request: https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-requests */
export const AzurePullRequest = v.object({
  pullRequestId: v.pipe(v.number(), v.safeInteger()),
  status: v.picklist(['notSet', 'active', 'abandoned', 'completed']),
  title: v.string(),
  description: v.nullish(v.string(), ''),
  sourceRefName: v.string(),
  targetRefName: v.string(),
  forkSource: v.optional(v.unknown()),
  isDraft: v.nullish(v.boolean(), false),
  /** The head at the last attempt to merge both branches, which follows each push. */
  lastMergeSourceCommit: v.nullish(v.object({ commitId: v.nullish(v.string()) })),
  /** The base's head at that attempt. */
  lastMergeTargetCommit: v.nullish(v.object({ commitId: v.nullish(v.string()) })),
  labels: v.nullish(v.array(v.object({ name: v.string(), active: v.nullish(v.boolean(), true) })), []),
  reviewers: v.nullish(v.array(v.object({ id: v.string(), uniqueName: v.nullish(v.string()) })), []),
  autoCompleteSetBy: v.nullish(v.object({ id: v.string() })),
  /** The settings of the merge. */
  completionOptions: v.nullish(
    v.object({ mergeStrategy: v.nullish(v.string()), squashMerge: v.nullish(v.boolean()) }),
  ),
  mergeStatus: v.nullish(v.string()),
  repository: v.nullish(v.object({ project: v.nullish(v.object({ id: v.string() })) })),
});
export type AzurePullRequest = v.InferOutput<typeof AzurePullRequest>;

export const STATES = { notSet: 'open', active: 'open', abandoned: 'closed', completed: 'merged' } as const;

export async function read(api: Api, number: number): Promise<AzurePullRequest | undefined> {
  return found(api, await ask(api, number));
}

/** Asks for the pull request. `tag`: of the known one; 304 is an answer then. */
export function ask(api: Api, number: number, tag?: string): Promise<ForgeAnswer> {
  const send = () => api.send({ method: 'GET', url: pullUrl(api, `/${number}`), tag });
  return api.call('get', send, isKnownAnswer(tag));
}

export function found(api: Api, { status, data }: ForgeAnswer): AzurePullRequest | undefined {
  return status === 404 ? undefined : parsed(api, 'get', data);
}

type Query = Readonly<Record<string, string>>;

export function withQuery(url: string, query: Query): string {
  return `${url}?${new URLSearchParams(query)}`;
}

export function pullUrl({ repositoryUrl }: Api, path = ''): string {
  return `${repositoryUrl}/pullrequests${path}`;
}

export function parsed(api: Api, operation: ForgeOperation, data: unknown): AzurePullRequest {
  return parsedAnswer(AzurePullRequest, operation, data, api.context);
}

/** `TF401181: The pull request cannot be edited due to its state.` */
export function isOver({ status, data }: ForgeAnswer): boolean {
  return (status === 400 || status === 409) && /TF401181/.test(JSON.stringify(data) ?? '');
}
