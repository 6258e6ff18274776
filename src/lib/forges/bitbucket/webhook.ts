import * as v from 'valibot';
import { PullRequestNumber, signedBody, type Webhook } from '../webhook.ts';

/**
 * https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html, which lists no event for a reopened
 * pull request; servers that send it name it `pr:reopened`.
 */
const Event = v.pipe(
  v.object({
    eventKey: v.picklist(['pr:merged', 'pr:declined', 'pr:deleted', 'pr:reopened']),
    pullRequest: v.object({ id: PullRequestNumber }),
  }),
  v.transform(({ pullRequest }) => pullRequest.id),
);

export const webhook: Webhook = {
  proofOf: (delivery) => signedBody(delivery, delivery.headers.get('x-hub-signature')),
  event: Event,
};
