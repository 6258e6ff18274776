import { isMap, isScalar } from 'yaml';
import type { LineOf } from './lines.ts';
import type { ScannedText, ValueScalar } from './scan.ts';

/** True for what SOPS has put in the place of a value. */
export function isEncrypted(value: string): boolean {
  return value.trimStart().startsWith('ENC[');
}

/**
 * A sentence for each document with changed values that the checksum of SOPS covers: clear values count in it, unless it
 * is made of the encrypted ones alone (https://github.com/getsops/sops#encrypting-only-parts-of-a-file). SOPS puts it
 * into every document of a file. Flux does not look at it; `sops` refuses the file.
 */
export function checksumNotes(
  { contents }: ScannedText,
  changed: readonly ValueScalar[],
  lineOf: LineOf,
): string[] {
  if (changed.length === 0) return [];
  // Both are in the order of the text, and there may be many of both.
  let index = 0;
  return contents.filter(hasChecksumOfAll).flatMap((document) => {
    const [start = 0, , end = 0] = document?.range ?? [];
    while ((changed[index]?.start ?? start) < start) index += 1;
    const first = changed[index]?.start ?? Number.POSITIVE_INFINITY;
    return first <= end ? [`Line ${lineOf(first)}: ${COVERED}`] : [];
  });
}

const COVERED =
  'the value is set, but the SOPS checksum (mac) covers it: run sops on the file afterwards, or set mac_only_encrypted: true.';

function hasChecksumOfAll(document: ScannedText['contents'][number]): boolean {
  const sops = isMap(document) ? document.get('sops') : undefined;
  if (!isMap(sops)) return false;
  const mac = sops.get('mac', true);
  return isScalar(mac) && String(mac.value) !== '' && String(sops.get('mac_only_encrypted')) !== 'true';
}
