/**
 * True for two URLs that name one repository: by HTTPS or SSH, with or without `.git`, in any case. Forges take no two
 * repositories whose names differ by their case alone.
 */
export function isSameRepository(one: string, other: string): boolean {
  if (one === other) return true;
  const [a, b] = [URL.parse(one), URL.parse(other)];
  if (!a || !b) return false;
  // The port of SSH says nothing of that of HTTPS.
  const isSameHost = isWeb(a) && isWeb(b) ? a.host === b.host : a.hostname === b.hostname;
  return isSameHost && pathOf(a) === pathOf(b);
}

function isWeb({ protocol }: URL): boolean {
  return protocol === 'https:' || protocol === 'http:';
}

function pathOf({ pathname }: URL): string {
  return pathname
    .toLowerCase()
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
}
