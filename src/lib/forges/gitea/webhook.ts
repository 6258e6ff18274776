import { pullRequestEvent, signedBody, type Webhook } from '../webhook.ts';

/** https://docs.gitea.com/usage/repository/webhooks */
export const webhook: Webhook = {
  proofOf: (delivery) => signedBody(delivery, signatureIn(delivery.headers)),
  event: pullRequestEvent(['closed', 'reopened', 'deleted']),
};

/** Gitea and Forgejo send signatures under names of their own, and under GitHub's. */
function signatureIn(headers: Headers): string | null {
  const digest = headers.get('x-forgejo-signature') || headers.get('x-gitea-signature');
  return digest ? `sha256=${digest}` : headers.get('x-hub-signature-256');
}
