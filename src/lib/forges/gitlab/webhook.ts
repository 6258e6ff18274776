import * as v from 'valibot';
import { isFresh, isSignedBy, type Signature } from '../../net/index.ts';
import { MIN_KEY_BYTES } from '../../net/pure.ts';
import {
  type Delivery,
  type MissingProof,
  type Proof,
  PullRequestNumber,
  sharedSecret,
  type Webhook,
} from '../webhook.ts';

/** https://docs.gitlab.com/user/project/integrations/webhook_events/#merge-request-events */
const Event = v.pipe(
  v.object({
    object_kind: v.literal('merge_request'),
    object_attributes: v.object({ iid: PullRequestNumber, action: v.picklist(['merge', 'close', 'reopen']) }),
  }),
  v.transform(({ object_attributes }) => object_attributes.iid),
);

export const webhook: Webhook = { proofOf, event: Event };

const DECODER = new TextDecoder();

/**
 * GitLab sends a secret token as it is, and signs with a signing token (Standard Webhooks); a webhook may have both,
 * and the Secret either of them.
 */
function proofOf(delivery: Delivery): Proof | MissingProof {
  const token = sharedSecret(delivery.headers.get('x-gitlab-token'));
  const signed = standardWebhook(delivery);
  if (typeof token === 'string') return signed;
  if (typeof signed === 'string') return token;
  return (keys) => [token(keys), signed(keys)].includes(true);
}

/** Several signatures are sent while the sender changes its key. */
const MAX_SIGNATURES = 5;

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
function standardWebhook({ headers, body, now }: Delivery): Proof | MissingProof {
  const timestamp = headers.get('webhook-timestamp') ?? '';
  const sent = (headers.get('webhook-signature') ?? '').split(' ', MAX_SIGNATURES);
  const signatures = sent.flatMap((one) => standardSignature(one) ?? []);
  if (signatures.length === 0) return 'no-signature';
  if (!isFresh(timestamp, now)) return 'stale-timestamp';
  const parts = [`${headers.get('webhook-id') ?? ''}.${timestamp}.`, body];
  return (keys) => {
    const signing = keys.flatMap((key) => signingKey(key) ?? []);
    return signatures.map((signature) => isSignedBy(signature, signing, parts)).includes(true);
  };
}

function standardSignature(text: string): Signature | undefined {
  const base64 = /^v1,([A-Za-z0-9+/]{43}=)$/.exec(text)?.[1];
  return base64 === undefined ? undefined : { algorithm: 'sha256', digest: Buffer.from(base64, 'base64') };
}

/** `whsec_` and the key in base64. */
function signingKey(key: Uint8Array): Uint8Array | undefined {
  const base64 = /^whsec_([A-Za-z0-9+/]+=*)$/.exec(DECODER.decode(key))?.[1];
  const bytes = base64 === undefined ? undefined : Buffer.from(base64, 'base64');
  return bytes && bytes.length >= MIN_KEY_BYTES ? bytes : undefined;
}
