const MAX_LENGTH = 244;

/**
 * git-check-ref-format(1). Names become paths below a copy's directory, so this also keeps them in there; a
 * component of a path has at most 255 bytes.
 */
export function isBranchName(name: string): boolean {
  if (Buffer.byteLength(name) > MAX_LENGTH || name === '@' || name.startsWith('-')) return false;
  if (/[\p{Cc}\s~^:?*[\\]|\.\.|@\{/u.test(name)) return false;
  return name.split('/').every((part) => part !== '' && !/^\.|\.$|\.lock$/.test(part));
}
