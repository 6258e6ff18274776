import * as v from 'valibot';
import type { ForgeType } from '../../lib/forges/pure.ts';

/**
 * What the forges' webhooks say of a pull request: only its number, and only when it may no longer be open, or
 * is so again. That is all that a look at the forge then shows; pushes, reviews, comments and labels change
 * nothing of it, and Turnpike's own pushes would wake it as well.
 */

const PullRequestNumber = v.pipe(v.number(), v.integer(), v.minValue(1));

/** Events of issues, comments and reviews have `number` or `pull_request` at this place, but not both. */
function pullRequestEvent(actions: readonly string[]) {
  const schema = v.object({
    action: v.picklist(actions),
    number: PullRequestNumber,
    pull_request: v.object({ number: PullRequestNumber }),
  });
  return v.pipe(
    schema,
    v.transform(({ pull_request }) => pull_request.number),
  );
}

/** https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request */
const GitHubEvent = pullRequestEvent(['closed', 'reopened']);

/** https://docs.gitea.com/usage/repository/webhooks */
const GiteaEvent = pullRequestEvent(['closed', 'reopened', 'deleted']);

/** https://docs.gitlab.com/user/project/integrations/webhook_events/#merge-request-events */
const GitLabEvent = v.pipe(
  v.object({
    object_kind: v.literal('merge_request'),
    object_attributes: v.object({ iid: PullRequestNumber, action: v.picklist(['merge', 'close', 'reopen']) }),
  }),
  v.transform(({ object_attributes }) => object_attributes.iid),
);

/**
 * https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html, which knows no event for one
 * that is reopened; servers that send it call it `pr:reopened`.
 */
const BitbucketEvent = v.pipe(
  v.object({
    eventKey: v.picklist(['pr:merged', 'pr:declined', 'pr:deleted', 'pr:reopened']),
    pullRequest: v.object({ id: PullRequestNumber }),
  }),
  v.transform(({ pullRequest }) => pullRequest.id),
);

/**
 * https://learn.microsoft.com/en-us/azure/devops/service-hooks/events. Its event `merged` is about attempts to
 * merge, which it makes after every push as well.
 */
const AzureEnd = v.object({
  eventType: v.picklist(['git.pullrequest.updated', 'git.pullrequest.merged']),
  resource: v.object({ pullRequestId: PullRequestNumber, status: v.picklist(['completed', 'abandoned']) }),
});

/** Only the sentence for people tells one that is active again from a push or a vote. */
const AzureReactivation = v.object({
  eventType: v.literal('git.pullrequest.updated'),
  message: v.object({ text: v.pipe(v.string(), v.regex(/\breactivated\b/i)) }),
  resource: v.object({ pullRequestId: PullRequestNumber, status: v.literal('active') }),
});

const AzureEvent = v.pipe(
  v.union([AzureEnd, AzureReactivation]),
  v.transform(({ resource }) => resource.pullRequestId),
);

const EVENTS = {
  github: GitHubEvent,
  gitea: GiteaEvent,
  gitlab: GitLabEvent,
  'bitbucket-server': BitbucketEvent,
  'azure-devops': AzureEvent,
} satisfies Record<ForgeType, v.GenericSchema<unknown, number>>;

/** The number of the pull request whose state an event says to have changed; undefined for all other events. */
export function changedPullRequest(forge: ForgeType, event: unknown): number | undefined {
  const parsed = v.safeParse(EVENTS[forge], event, { abortEarly: true });
  return parsed.success ? parsed.output : undefined;
}
