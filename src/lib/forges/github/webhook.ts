import { pullRequestEvent, signedBody, type Webhook } from '../webhook.ts';

/** https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request */
export const webhook: Webhook = {
  proofOf: (delivery) => signedBody(delivery, delivery.headers.get('x-hub-signature-256')),
  event: pullRequestEvent(['closed', 'reopened']),
};
