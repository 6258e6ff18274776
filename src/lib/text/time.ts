/** Cuts a time of RFC 3339 to the second, as Kubernetes writes times. */
export function wholeSeconds(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z');
}
