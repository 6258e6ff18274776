import * as v from 'valibot';
import type { Described } from '../json-server.ts';

/**
 * The requests of GitLab's REST API that are used, with what they may say. GitLab's own description is
 * under CC BY-SA (https://gitlab.com/gitlab-org/gitlab/-/blob/master/LICENSE), so that these are written by hand, each after
 * its page.
 */

const text = v.string();
const flag = v.boolean();
const id = v.pipe(v.number(), v.safeInteger());
const ids = v.array(id);
/** A number in a query. */
const number = v.pipe(text, v.regex(/^\d+$/));
const flagText = v.picklist(['true', 'false']);
/** https://docs.gitlab.com/api/rest/#pagination */
const page = {
  page: v.optional(number),
  per_page: v.optional(v.pipe(number, v.toNumber(), v.maxValue(100))),
};

/** Fields of a merge request that is made, and of one that is changed. */
const settings = {
  description: v.optional(v.pipe(text, v.maxLength(1_048_576))),
  assignee_id: v.optional(id),
  assignee_ids: v.optional(ids),
  reviewer_ids: v.optional(ids),
  labels: v.optional(text),
  milestone_id: v.optional(id),
  remove_source_branch: v.optional(flag),
  allow_collaboration: v.optional(flag),
  squash: v.optional(flag),
  merge_after: v.optional(text),
};

const ONE = /^\/merge_requests\/\d+$/;

/** https://docs.gitlab.com/api/merge_requests/ */
const MERGE_REQUESTS: readonly Described[] = [
  {
    method: 'GET',
    path: /^\/merge_requests$/,
    query: v.strictObject({
      state: v.optional(v.picklist(['opened', 'closed', 'locked', 'merged', 'all'])),
      source_branch: v.optional(text),
      target_branch: v.optional(text),
      scope: v.optional(v.picklist(['created_by_me', 'assigned_to_me', 'all'])),
      ...page,
    }),
  },
  {
    method: 'POST',
    path: /^\/merge_requests$/,
    body: v.strictObject({
      source_branch: text,
      target_branch: text,
      title: text,
      target_project_id: v.optional(id),
      ...settings,
    }),
  },
  { method: 'GET', path: ONE },
  {
    method: 'PUT',
    path: ONE,
    body: v.pipe(
      v.strictObject({
        title: v.optional(v.pipe(text, v.nonEmpty())),
        target_branch: v.optional(v.pipe(text, v.nonEmpty())),
        state_event: v.optional(v.picklist(['close', 'reopen'])),
        add_labels: v.optional(text),
        remove_labels: v.optional(text),
        ...settings,
      }),
      v.check((change) => Object.keys(change).length > 0, 'at least one parameter must be provided'),
    ),
  },
  {
    method: 'PUT',
    path: /^\/merge_requests\/\d+\/merge$/,
    body: v.strictObject({
      sha: v.optional(text),
      auto_merge: v.optional(flag),
      merge_when_pipeline_succeeds: v.optional(flag),
      merge_commit_message: v.optional(text),
      squash_commit_message: v.optional(text),
      should_remove_source_branch: v.optional(flag),
      squash: v.optional(flag),
    }),
  },
  { method: 'POST', path: /^\/merge_requests\/\d+\/cancel_merge_when_pipeline_succeeds$/ },
  { method: 'GET', path: /^\/merge_requests\/\d+\/pipelines$/, query: v.strictObject(page) },
];

/** https://docs.gitlab.com/api/notes/#merge-requests */
const NOTES: readonly Described[] = [
  {
    method: 'GET',
    path: /^\/merge_requests\/\d+\/notes$/,
    query: v.strictObject({
      sort: v.optional(v.picklist(['asc', 'desc'])),
      order_by: v.optional(v.picklist(['created_at', 'updated_at'])),
      ...page,
    }),
  },
  {
    method: 'POST',
    path: /^\/merge_requests\/\d+\/notes$/,
    body: v.strictObject({ body: v.pipe(text, v.nonEmpty(), v.maxLength(1_000_000)) }),
  },
];

/** https://docs.gitlab.com/api/commits/ */
const COMMITS: readonly Described[] = [
  {
    method: 'GET',
    path: /^\/repository\/commits\/[^/]+$/,
    query: v.strictObject({ stats: v.optional(flagText) }),
  },
  {
    method: 'GET',
    path: /^\/repository\/commits\/\w+\/statuses$/,
    query: v.strictObject({
      ref: v.optional(text),
      name: v.optional(text),
      stage: v.optional(text),
      all: v.optional(flagText),
      pipeline_id: v.optional(number),
      ...page,
    }),
  },
  {
    method: 'POST',
    path: /^\/statuses\/\w+$/,
    body: v.strictObject({
      state: v.picklist(['pending', 'running', 'success', 'failed', 'canceled', 'skipped']),
      name: v.optional(text),
      context: v.optional(text),
      ref: v.optional(text),
      description: v.optional(text),
      target_url: v.optional(text),
      coverage: v.optional(v.number()),
      pipeline_id: v.optional(id),
    }),
  },
];

export const GITLAB_OPERATIONS: readonly Described[] = [
  ...MERGE_REQUESTS,
  ...NOTES,
  ...COMMITS,
  /** https://docs.gitlab.com/api/projects/#retrieve-a-project */
  { method: 'GET', path: /^$/ },
  /** https://docs.gitlab.com/api/users/#list-users */
  {
    method: 'GET',
    path: /^\/api\/v4\/users$/,
    query: v.strictObject({ username: v.optional(text), ...page }),
  },
];
