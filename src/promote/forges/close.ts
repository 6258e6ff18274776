import type { PullRequest } from './forge.ts';
import { sameText } from './shared.ts';

/** How one pull request of a forge is closed with a reason. */
export interface Closing {
  /** Undefined: there is no such pull request. */
  readonly state: () => Promise<PullRequest['state'] | undefined>;
  /** The latest ones are enough. */
  readonly comments: () => Promise<readonly string[]>;
  readonly comment: () => Promise<unknown>;
  readonly close: () => Promise<unknown>;
}

/** Doing it twice is doing it once, also where the first time got no further than the comment. */
export async function closeOnce(closing: Closing, reason: string): Promise<void> {
  if ((await closing.state()) !== 'open') return;
  const said = await closing.comments();
  if (!said.some((comment) => sameText(comment, reason))) await closing.comment();
  await closing.close();
}
