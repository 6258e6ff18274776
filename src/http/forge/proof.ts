import { MIN_KEY_BYTES } from '../../api/group.ts';
import type { ForgeType } from '../../lib/forges/pure.ts';
import { isOneOf, isSignedBy, parseSignature, type Signature } from '../signed/signature.ts';
import { isFresh } from '../signed/timestamp.ts';

/** How each forge proves that it knows the secret of its webhook. */

export interface Delivery {
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly now: Date;
}

/** Whether the sender knows one of the keys. Without a key nobody does, and it takes as long to say so. */
export type Proof = (keys: readonly Uint8Array[]) => boolean;

export type MissingProof = 'no-signature' | 'stale-timestamp';

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

export function proofOf(forge: ForgeType, delivery: Delivery): Proof | MissingProof {
  const { headers } = delivery;
  switch (forge) {
    case 'github':
      return signedBody(delivery, headers.get('x-hub-signature-256'));
    case 'gitea':
      return signedBody(delivery, giteaSignature(headers));
    case 'bitbucket-server':
      return signedBody(delivery, headers.get('x-hub-signature'));
    case 'gitlab':
      return gitLabProof(delivery);
    case 'azure-devops':
      return sharedSecret(basicPassword(headers.get('authorization')));
  }
}

function signedBody({ body }: Delivery, header: string | null): Proof | MissingProof {
  const signature = parseSignature(header);
  return signature ? (keys) => isSignedBy(signature, keys, [body]) : 'no-signature';
}

function sharedSecret(text: string | null): Proof | MissingProof {
  if (!text) return 'no-signature';
  const token = ENCODER.encode(text);
  return (keys) => isOneOf(token, keys);
}

/** Gitea and Forgejo sign under names of their own, and as GitHub does. */
function giteaSignature(headers: Headers): string | null {
  const digest = headers.get('x-forgejo-signature') || headers.get('x-gitea-signature');
  return digest ? `sha256=${digest}` : headers.get('x-hub-signature-256');
}

/**
 * A secret token is sent as it is, a signing token signs (Standard Webhooks); a webhook may have both, and the
 * Secret either of them.
 */
function gitLabProof(delivery: Delivery): Proof | MissingProof {
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

/** Of HTTP basic authentication (RFC 7617), whoever the user is. */
function basicPassword(header: string | null): string | null {
  const base64 = /^basic +([A-Za-z0-9+/]+=*)$/i.exec(header ?? '')?.[1];
  if (base64 === undefined) return null;
  const pair = Buffer.from(base64, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 0 ? null : pair.slice(colon + 1);
}
