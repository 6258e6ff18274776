import * as v from 'valibot';
import { isOneOf, isSignedBy, parseSignature } from '../net/index.ts';

/** A request by which a forge reports an event. */
export interface Delivery {
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly now: Date;
}

/** Reports whether the sender knows one of the keys. Without a key the answer is no, and takes as long. */
export type Proof = (keys: readonly Uint8Array[]) => boolean;

export type MissingProof = 'no-signature' | 'stale-timestamp';

/** The webhook of one kind of forge. */
export interface Webhook {
  /** Reads from a delivery the proof that its sender knows the secret of the webhook. */
  readonly proofOf: (delivery: Delivery) => Proof | MissingProof;
  /**
   * The number of the pull request of an event, and only when that may no longer be open, or is open again. A look at
   * the forge shows nothing more than that; pushes, reviews, comments and labels change nothing of it, and Turnpike's
   * own pushes would wake it as well.
   */
  readonly event: v.GenericSchema<unknown, number>;
}

/** The number of the pull request whose state an event says to have changed; undefined for all other events. */
export function changedPullRequest({ event }: Webhook, value: unknown): number | undefined {
  const parsed = v.safeParse(event, value, { abortEarly: true });
  return parsed.success ? parsed.output : undefined;
}

export const PullRequestNumber = v.pipe(v.number(), v.integer(), v.minValue(1));

/**
 * An event in GitHub's form, which Gitea has as well. Events of issues, comments and reviews have `number` or
 * `pull_request` at this place, but not both.
 */
export function pullRequestEvent(actions: readonly string[]) {
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

/** `header`: such as `sha256=…`, over the body. */
export function signedBody({ body }: Delivery, header: string | null): Proof | MissingProof {
  const signature = parseSignature(header);
  return signature ? (keys) => isSignedBy(signature, keys, [body]) : 'no-signature';
}

const ENCODER = new TextEncoder();

/** `text`: the secret itself, as the sender has it. */
export function sharedSecret(text: string | null): Proof | MissingProof {
  if (!text) return 'no-signature';
  const token = ENCODER.encode(text);
  return (keys) => isOneOf(token, keys);
}
