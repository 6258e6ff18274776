/** Requests at once to others, of those that Bun makes at once in the whole process. */
export interface Sockets {
  /** To forges and Git hosts. */
  readonly outbound: number;
  /** To the API servers of other clusters; their watches have a bound of their own. */
  readonly clusters: number;
}

/** Bun's own default; a request beyond it waits until another one ends. */
const BUN_DEFAULT = 256;

/**
 * What others do not answer must never hold up requests to our own API server, such as the renewal of the Lease:
 * more than half of all requests are kept for them and for watches.
 */
export function shareSockets(environment: Readonly<Record<string, string | undefined>>): Sockets {
  const set = Number(environment.BUN_CONFIG_MAX_HTTP_REQUESTS);
  const all = Number.isInteger(set) && set > 0 ? set : BUN_DEFAULT;
  return { outbound: Math.max(1, Math.floor(all / 4)), clusters: Math.max(1, Math.floor(all / 8)) };
}
