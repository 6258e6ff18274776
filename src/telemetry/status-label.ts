/** Those that servers give; https://www.iana.org/assignments/http-status-codes */
const KNOWN: ReadonlySet<string> = new Set(
  [200, 201, 202, 203, 204, 206, 301, 302, 303, 304, 307, 308]
    .concat(
      [400, 401, 403, 404, 405, 406, 408, 409, 410, 412, 413, 415, 422, 423, 429],
      [500, 501, 502, 503, 504, 507],
    )
    .map(String),
);

/** An HTTP status as a label: a server could make a series of each number that there is. */
export function statusLabel(code: string): string {
  return KNOWN.has(code) ? code : statusClass(code);
}

/** Its class, such as `4xx`; what is no number is none. */
export function statusClass(code: string): string {
  if (/^[1-5]\d\d$/.test(code)) return `${code[0]}xx`;
  return /^\d+$/.test(code) ? 'other' : code;
}
