import * as v from 'valibot';
import { PullRequestNumber, signedBody, type Webhook } from '../webhook.ts';

/**
 * https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html, which knows no event for one
 * that is reopened; servers that send it call it `pr:reopened`.
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
