import type { ForgeAnswer } from './request/types.ts';

/** The requests by which a forge's pull request gets a comment. */
export interface Commenting {
  /** Reads the latest comments; older ones are not needed. */
  readonly latest: () => Promise<readonly string[]>;
  readonly add: () => Promise<ForgeAnswer>;
}

/** Adds the comment unless it is there: an attempt may be repeated. */
export async function commentOnce({ latest, add }: Commenting, text: string): Promise<void> {
  const said = await latest();
  if (!said.some((one) => sameText(one, text))) await add();
}

/** Forges may store line ends and the text's end in their own way. */
export function sameText(left: string, right: string): boolean {
  return plain(left) === plain(right);
}

function plain(text: string): string {
  return text.replaceAll('\r\n', '\n').trim();
}
