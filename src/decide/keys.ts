import {
  APPROVAL_KEY,
  APPROVAL_KEY_PREVIOUS,
  HMAC_KEY,
  HMAC_KEY_PREVIOUS,
  PUBLISHED_KEYS,
} from '../api/group.ts';
import { MIN_KEY_BYTES } from '../lib/net/pure.ts';

/** The keys of a Secret and what a signature with each of them proves. */

export type KeyUse = 'event' | 'approval';

/** The reason for which a key proves nothing; it goes to the log and the metric, never to the caller. */
export type KeyRefusal = 'key-too-short' | 'key-published' | 'not-an-approval-key';

export interface Key {
  readonly bytes: Uint8Array;
  /** Absent: the key is good for this use. */
  readonly refusal?: KeyRefusal;
  /** True for an event key that approves because the Secret has no approval key; valid while that is the case. */
  readonly standsIn?: true;
}

/** The most keys that a Secret can have for a use, the refused ones included. */
export const MAX_KEYS: Readonly<Record<KeyUse, number>> = { event: 2, approval: 4 };

/** Event keys approve nothing while the Secret has an approval key, even a faulty one. */
export function keysFor(use: KeyUse, values: ReadonlyMap<string, Uint8Array>): Key[] {
  const events = withRefusal(values, HMAC_KEY, HMAC_KEY_PREVIOUS);
  if (use === 'event') return events;
  const approvals = withRefusal(values, APPROVAL_KEY, APPROVAL_KEY_PREVIOUS);
  if (approvals.length === 0) return events.map((key): Key => ({ ...key, standsIn: true }));
  return [...approvals, ...events.map(({ bytes }): Key => ({ bytes, refusal: 'not-an-approval-key' }))];
}

function withRefusal(values: ReadonlyMap<string, Uint8Array>, ...names: readonly string[]): Key[] {
  return names.flatMap((name): Key[] => {
    const bytes = values.get(name);
    if (bytes === undefined) return [];
    const refusal = keyFault(bytes);
    return [{ bytes, ...(refusal !== undefined && { refusal }) }];
  });
}

/** The fault that makes a key useless for any purpose. */
export function keyFault(bytes: Uint8Array): 'key-too-short' | 'key-published' | undefined {
  if (bytes.length < MIN_KEY_BYTES) return 'key-too-short';
  return isPublished(bytes) ? 'key-published' : undefined;
}

const DECODER = new TextDecoder();
/** Longer keys need not be compared. */
const MAX_PUBLISHED_BYTES = 100;

/** Blanks and line ends around a published key do not make it secret. */
function isPublished(bytes: Uint8Array): boolean {
  return bytes.length <= MAX_PUBLISHED_BYTES && PUBLISHED_KEYS.includes(DECODER.decode(bytes).trim());
}
