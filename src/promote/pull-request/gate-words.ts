import { soakSeconds } from '../../api/gates.ts';
import type { Gates, Window } from '../../api/pipeline.ts';
import { isDeny } from '../../decide/model/window.ts';
import { code } from '../../lib/text/index.ts';

/** The gates of a promotion in a few words of Markdown; empty when there are none. */
export function gateWords(gates: Gates | undefined): string {
  if (!gates) return '';
  const { soak, versions, artifactVersions = [], windows = [], targets } = gates;
  const words = [
    ...(soak && soakSeconds(soak) ? [`soak ${code(soak)}`] : []),
    ...(versions ? [`versions ${code(versions)}`] : []),
    ...artifactVersions.map((one) => `versions of ${one.name} ${code(one.versions)}`),
    ...windows.map((window) => `${isDeny(window) ? 'closed' : 'window'} ${code(windowWords(window))}`),
    ...(targets === 'any' ? ['any target'] : []),
  ];
  return words.join(', ');
}

function windowWords({ days, from, to, timeZone = 'UTC', start, end, reason }: Window): string {
  const words = [
    ...(days ? [days.join(', ')] : []),
    ...(from !== undefined && to !== undefined ? [`${from}–${to}`] : []),
    ...(start !== undefined ? [`from ${start}`] : []),
    ...(end !== undefined ? [`until ${end}`] : []),
    timeZone,
    ...(reason !== undefined ? [`(${reason})`] : []),
  ];
  return words.join(' ');
}
