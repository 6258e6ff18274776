import { soakSeconds } from '../api/gates.ts';
import type { Gates, Window } from '../api/pipeline.ts';
import { code } from './markdown.ts';

/** The gates of a promotion in a few words of Markdown; empty when there are none. */
export function gateWords(gates: Gates | undefined): string {
  if (!gates) return '';
  const { soak, versions, windows = [], targets } = gates;
  const words = [
    ...(soak && soakSeconds(soak) ? [`soak ${code(soak)}`] : []),
    ...(versions ? [`versions ${code(versions)}`] : []),
    ...windows.map((window) => `window ${code(windowWords(window))}`),
    ...(targets === 'any' ? ['any target'] : []),
  ];
  return words.join(', ');
}

function windowWords({ days, from, to, timeZone = 'UTC' }: Window): string {
  return `${days ? `${days.join(', ')} ` : ''}${from}–${to} ${timeZone}`;
}
