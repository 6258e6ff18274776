import * as v from 'valibot';
import { PullRequestNumber, sharedSecret, type Webhook } from '../webhook.ts';

/**
 * https://learn.microsoft.com/en-us/azure/devops/service-hooks/events. Its event `merged` is about attempts to
 * merge, which it makes after every push as well.
 */
const End = v.object({
  eventType: v.picklist(['git.pullrequest.updated', 'git.pullrequest.merged']),
  resource: v.object({ pullRequestId: PullRequestNumber, status: v.picklist(['completed', 'abandoned']) }),
});

/** Only the sentence for people tells a reactivation from a push or a vote. */
const Reactivation = v.object({
  eventType: v.literal('git.pullrequest.updated'),
  message: v.object({ text: v.pipe(v.string(), v.regex(/\breactivated\b/i)) }),
  resource: v.object({ pullRequestId: PullRequestNumber, status: v.literal('active') }),
});

const Event = v.pipe(
  v.union([End, Reactivation]),
  v.transform(({ resource }) => resource.pullRequestId),
);

export const webhook: Webhook = {
  proofOf: ({ headers }) => sharedSecret(basicPassword(headers.get('authorization'))),
  event: Event,
};

/** The password of HTTP basic authentication (RFC 7617), whatever the user's name. */
function basicPassword(header: string | null): string | null {
  const base64 = /^basic +([A-Za-z0-9+/]+=*)$/i.exec(header ?? '')?.[1];
  if (base64 === undefined) return null;
  const pair = Buffer.from(base64, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 0 ? null : pair.slice(colon + 1);
}
