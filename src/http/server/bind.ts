import { TurnpikeError } from '../../lib/errors.ts';

export interface Address {
  /** Without brackets. Undefined: all addresses of this machine. */
  readonly hostname: string | undefined;
  readonly port: number;
}

/** `[::1]:80`, `127.0.0.1:80`, `:80` → host and port. */
export function parseAddress(address: string): Address {
  const parts = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(address);
  const port = Number(parts?.[3]);
  if (!parts || port > 65_535) {
    const message = `${JSON.stringify(address)} is not an address: write host:port or :port.`;
    throw new TurnpikeError('ConfigInvalid', message);
  }
  return { hostname: parts[1] ?? (parts[2] || undefined), port };
}

/**
 * Starts to listen at a hostname. As with Go, no hostname stands for all addresses of IPv6 and IPv4, or of IPv4 alone where
 * the system has no IPv6. The address is the one that is listened on.
 */
export function listenOn<T extends { readonly port: number }>(
  hostname: string | undefined,
  start: (hostname: string) => T,
): { readonly started: T; readonly address: string } {
  const at = (host: string) => {
    const started = start(host);
    return { started, address: `${host.includes(':') ? `[${host}]` : host}:${started.port}` };
  };
  if (hostname !== undefined) return at(hostname);
  try {
    return at('::');
  } catch (error) {
    if (isRefused(error)) throw error;
    return at('0.0.0.0');
  }
}

/** The port is another's, or needs a right: IPv4 alone must not take its place. */
function isRefused(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EADDRINUSE' || code === 'EACCES';
}
