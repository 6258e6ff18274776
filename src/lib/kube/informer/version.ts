const DIGITS = /^[0-9]+$/;

/**
 * Tells whether one resourceVersion is newer than another of the same resource. They are integers of any size,
 * comparable since Kubernetes 1.35 and in practice before. An empty one is older than all; any other text
 * counts as newer, so that nothing is ever stuck on an old object.
 */
export function isNewer(version: string, than: string): boolean {
  if (version === '') return false;
  if (!DIGITS.test(version) || !DIGITS.test(than)) return version !== than;
  const [a, b] = [withoutZeros(version), withoutZeros(than)];
  return a.length === b.length ? a > b : a.length > b.length;
}

function withoutZeros(digits: string): string {
  return digits.replace(/^0+/, '');
}
