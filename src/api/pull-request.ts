import * as v from 'valibot';
import { FORGE_TYPES } from '../lib/forges/pure.ts';
import { message, revision, time } from './status-fields.ts';

/** A pull request as a Pipeline's status knows it. */

export const CHECK_STATES = ['pending', 'success'] as const;
export type CheckState = (typeof CHECK_STATES)[number];

/** The place of a pull request, as the spec had it when it was opened: by now it may have another one. */
export const PullRequestRepository = v.object({
  url: v.pipe(v.string(), v.maxLength(2048), v.description('URL of the repository, as written in the spec.')),
  type: v.optional(
    v.pipe(v.picklist(FORGE_TYPES), v.description('The kind of forge, if the spec named it.')),
  ),
  secret: v.pipe(v.string(), v.maxLength(253), v.description('Name of the Secret with the credentials.')),
  certSecret: v.optional(
    v.pipe(v.string(), v.maxLength(253), v.description('Name of the Secret for TLS, if the spec named one.')),
  ),
  proxySecret: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(253),
      v.description('Name of the Secret with the proxy, if the spec named one.'),
    ),
  ),
});
export type PullRequestRepository = v.InferOutput<typeof PullRequestRepository>;

export const PullRequestRef = v.object({
  url: v.pipe(v.string(), v.maxLength(2048), v.description('Address of its page on the forge.')),
  number: v.pipe(v.number(), v.integer(), v.description('Its number on the forge.')),
  revision: v.optional(revision('The revision that it brings.')),
  repository: v.optional(v.pipe(PullRequestRepository, v.description('The repository that it belongs to.'))),
  branch: v.optional(v.pipe(v.string(), v.maxLength(512), v.description('The branch that it comes from.'))),
  base: v.optional(v.pipe(v.string(), v.maxLength(512), v.description('The branch that it goes to.'))),
  changedAt: v.optional(time('When the forge last reported a change.')),
  commit: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(64),
      v.description(
        'The head of its branch: the commit that was pushed, or one of somebody else on top of it.',
      ),
    ),
  ),
  pushedAt: v.optional(time('When that commit was pushed or first seen.')),
  rebuiltAt: v.optional(time('When its branch was last checked for whether it is up to date.')),
  others: v.optional(
    v.pipe(
      v.boolean(),
      v.description('Its branch has commits of others: they are kept, and people merge it.'),
    ),
  ),
  checked: v.optional(
    v.pipe(
      v.picklist(CHECK_STATES),
      v.description('State of the commit status turnpike/promotion: pending or success.'),
    ),
  ),
  closing: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(512),
      v.description('Why it is to be closed; absent once it is closed, or if it stays open.'),
    ),
  ),
  outdated: v.optional(
    v.pipe(
      v.boolean(),
      v.description('The forge merges it only once its branch is up to date with the base branch.'),
    ),
  ),
  scheduled: v.optional(
    v.pipe(v.boolean(), v.description('Auto-merge was requested at the forge, and was not cancelled.')),
  ),
  endedAt: v.optional(time('When it ended: closed by Turnpike, or found merged. It is not read again.')),
});
export type PullRequestRef = v.InferOutput<typeof PullRequestRef>;

/** A Pipeline names no more of them; what is older is left to people. */
export const MAX_ABANDONED = 20;

export const AbandonedPullRequest = v.pipe(
  v.object({
    environment: v.pipe(
      v.string(),
      v.maxLength(253),
      v.description('The environment that it was opened for, which may no longer exist.'),
    ),
    pullRequest: v.pipe(
      PullRequestRef,
      v.description('The pull request; closing says why it is not needed.'),
    ),
    problem: v.optional(message('Why it could not be closed the last time.')),
    nextAttemptAt: v.optional(time('Time of the next attempt.')),
    final: v.optional(
      v.pipe(
        v.boolean(),
        v.description('It is not tried again automatically: close it by hand, or request a reconciliation.'),
      ),
    ),
  }),
  v.description('A pull request that is no longer needed, and is to be closed.'),
);
export type AbandonedPullRequest = v.InferOutput<typeof AbandonedPullRequest>;
