import * as v from 'valibot';
import type { Described } from '../json-server.ts';

/**
 * The requests of the REST API of Bitbucket Data Center that are used, with what they may say. Atlassian's description
 * is under terms of its own, so that these are written by hand, each after its page.
 */

const text = v.string();
const number = v.pipe(v.number(), v.safeInteger());
/** A number in a query. */
const numberText = v.pipe(text, v.regex(/^\d+$/));
const page = { start: v.optional(numberText), limit: v.optional(numberText) };

const repository = v.strictObject({
  slug: text,
  project: v.strictObject({ key: text }),
});
const reference = v.strictObject({
  id: v.pipe(text, v.startsWith('refs/heads/')),
  repository: v.optional(repository),
});
const user = v.strictObject({ user: v.strictObject({ name: v.pipe(text, v.nonEmpty()) }) });

/** Fields of a pull request that is made, and of one that is changed. */
const settings = {
  title: v.pipe(text, v.nonEmpty(), v.maxLength(255)),
  description: v.optional(v.pipe(text, v.maxLength(32_768))),
  draft: v.optional(v.boolean()),
  reviewers: v.optional(v.array(user)),
};

const ONE = /^\/pull-requests\/\d+$/;
const MERGE = /^\/pull-requests\/\d+\/merge$/;
const BUILDS = /^\/commits\/\w+\/builds$/;
const byVersion = v.strictObject({ version: v.optional(numberText) });

/** https://developer.atlassian.com/server/bitbucket/rest/v906/api-group-pull-requests/ */
const PULL_REQUESTS: readonly Described[] = [
  {
    method: 'GET',
    path: /^\/pull-requests$/,
    query: v.strictObject({
      state: v.optional(v.picklist(['OPEN', 'DECLINED', 'MERGED', 'ALL'])),
      direction: v.optional(v.picklist(['INCOMING', 'OUTGOING'])),
      at: v.optional(v.pipe(text, v.startsWith('refs/heads/'))),
      order: v.optional(v.picklist(['NEWEST', 'OLDEST'])),
      ...page,
    }),
  },
  {
    method: 'POST',
    path: /^\/pull-requests$/,
    body: v.strictObject({ ...settings, fromRef: reference, toRef: reference }),
  },
  { method: 'GET', path: ONE },
  {
    method: 'PUT',
    path: ONE,
    body: v.strictObject({ version: number, ...settings, toRef: v.optional(reference) }),
  },
  {
    method: 'POST',
    path: /^\/pull-requests\/\d+\/decline$/,
    query: byVersion,
    body: v.strictObject({ version: v.optional(number), comment: v.optional(text) }),
  },
  {
    method: 'POST',
    path: /^\/pull-requests\/\d+\/participants$/,
    body: v.strictObject({
      ...user.entries,
      role: v.picklist(['AUTHOR', 'REVIEWER', 'PARTICIPANT']),
    }),
  },
  {
    method: 'GET',
    path: /^\/pull-requests\/\d+\/activities$/,
    query: v.strictObject({ fromId: v.optional(numberText), fromType: v.optional(text), ...page }),
  },
  {
    method: 'POST',
    path: /^\/pull-requests\/\d+\/comments$/,
    body: v.strictObject({ text: v.pipe(text, v.nonEmpty(), v.maxLength(32_768)) }),
  },
  { method: 'DELETE', path: /^\/pull-requests\/\d+\/auto-merge$/ },
  { method: 'GET', path: MERGE },
  {
    method: 'POST',
    path: MERGE,
    query: byVersion,
    body: v.strictObject({
      version: v.optional(number),
      autoMerge: v.optional(v.boolean()),
      autoSubject: v.optional(text),
      message: v.optional(text),
      strategyId: v.optional(text),
    }),
  },
];

/** https://developer.atlassian.com/server/bitbucket/rest/v906/api-group-builds-and-deployments/ */
const BUILD_STATUSES: readonly Described[] = [
  { method: 'GET', path: BUILDS, query: v.strictObject({ key: text }) },
  {
    method: 'POST',
    path: BUILDS,
    body: v.strictObject({
      key: v.pipe(text, v.nonEmpty(), v.maxLength(255)),
      state: v.picklist(['CANCELLED', 'FAILED', 'INPROGRESS', 'SUCCESSFUL', 'UNKNOWN']),
      url: v.pipe(text, v.nonEmpty(), v.maxLength(450)),
      name: v.optional(v.pipe(text, v.maxLength(255))),
      description: v.optional(text),
      ref: v.optional(v.pipe(text, v.startsWith('refs/'))),
      parent: v.optional(v.pipe(text, v.nonEmpty(), v.maxLength(1024))),
    }),
  },
  { method: 'GET', path: /^\/bitbucket\/rest\/build-status\/1\.0\/commits\/stats\/\w+$/ },
];

export const BITBUCKET_OPERATIONS: readonly Described[] = [
  ...PULL_REQUESTS,
  ...BUILD_STATUSES,
  /** https://developer.atlassian.com/server/bitbucket/rest/v906/api-group-repository/ */
  { method: 'GET', path: /^\/settings\/pull-requests$/ },
];
