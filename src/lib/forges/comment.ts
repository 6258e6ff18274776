import type { ForgeAnswer } from './request/types.ts';

/** How a pull request of a forge is commented. */
export interface Commenting {
  /** The latest ones are enough. */
  readonly latest: () => Promise<readonly string[]>;
  readonly add: () => Promise<ForgeAnswer>;
}

/** Doing it twice is doing it once. */
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
