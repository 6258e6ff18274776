import type { PullRequest } from './forge.ts';

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
  const said = (await closing.comments()).map(plain);
  if (!said.includes(plain(reason))) await closing.comment();
  await closing.close();
}

/** Forges may store line ends and the text's end in their own way. */
function plain(text: string): string {
  return text.replaceAll('\r\n', '\n').trim();
}
