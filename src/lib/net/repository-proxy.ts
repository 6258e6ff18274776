import { type HasKey, PROXY_ADDRESS, type ReadText } from './secret-parts.ts';

const MAX_LENGTH = 2048;
const FORM = 'write it as http://HOST:PORT';

/** The proxy that a Secret holds, as Flux reads it for `proxySecretRef`, with its user and password. Its host is still to be checked. */
export function proxyOf(read: ReadText): URL | undefined {
  const url = parsedAddress(read(PROXY_ADDRESS) ?? '');
  const username = read('username');
  if (!url || username === undefined) return url;
  const changed = new URL(url);
  changed.username = encodeURIComponent(username);
  changed.password = encodeURIComponent(read('password') ?? '');
  return changed;
}

/** Says what the Secret lacks, in a sentence that begins with it. */
export function proxyKeysFault(secret: string, has: HasKey): string | undefined {
  if (!has(PROXY_ADDRESS)) return `${secret} has no key ${PROXY_ADDRESS}: add the proxy's, and ${FORM}.`;
  if (has('username') || !has('password')) return undefined;
  return `${secret} has the key password but no username: add the user name that the proxy requires, or remove the password.`;
}

/** Why its address is none. It may hold a password, and is not repeated. */
export function proxyAddressFault(secret: string, read: ReadText): string | undefined {
  const text = read(PROXY_ADDRESS) ?? '';
  if (parsedAddress(text)) return undefined;
  const [, scheme] = /^([a-z][a-z0-9+.-]{0,19}):\/\//i.exec(text) ?? [];
  if (scheme === undefined || /^https?$/i.test(scheme)) {
    return `${secret} has a key ${PROXY_ADDRESS} that is not the address of a proxy: ${FORM}.`;
  }
  return `${secret} has a key ${PROXY_ADDRESS} that names a proxy of the scheme ${scheme}, and only http and https are supported: ${FORM}.`;
}

function parsedAddress(text: string): URL | undefined {
  const url = text.length <= MAX_LENGTH && /^https?:\/\//i.test(text) ? URL.parse(text) : undefined;
  return url && isReadable(url) ? url : undefined;
}

/** False: a `%` is not followed by an escape. Go refuses such a URL as well. */
function isReadable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}
