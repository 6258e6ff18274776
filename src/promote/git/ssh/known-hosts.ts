import { createHmac } from 'node:crypto';

/** A host's public key, as `known_hosts` has it. */
export interface HostKey {
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa`, … */
  readonly type: string;
  readonly key: Buffer;
}

/**
 * The keys that a `known_hosts` file has for a host (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): plain and hashed
 * names, patterns, and without what it revokes. Certificate authorities are not served.
 */
export function knownKeys(text: string, host: string, port: number): HostKey[] {
  const name = port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
  const entries = text.split('\n').flatMap((line) => parseLine(line.trim()) ?? []);
  const own = entries.filter(({ names }) => isNamed(names, name));
  const revoked = own.filter(({ marker }) => marker === '@revoked');
  return own.filter(({ marker, key }) => marker === '' && !revoked.some((one) => one.key.equals(key)));
}

interface Entry extends HostKey {
  readonly marker: string;
  readonly names: string;
}

function parseLine(line: string): Entry | undefined {
  if (line === '' || line.startsWith('#')) return undefined;
  const fields = line.split(/\s+/);
  const marker = fields[0]?.startsWith('@') ? (fields.shift() ?? '') : '';
  const [names, type, base64] = fields;
  if (names === undefined || type === undefined || base64 === undefined) return undefined;
  return { marker, names, type, key: Buffer.from(base64, 'base64') };
}

function isNamed(names: string, name: string): boolean {
  if (names.startsWith('|1|')) return isHashOf(names, name);
  const patterns = names.toLowerCase().split(',');
  const isDenied = patterns.some((one) => one.startsWith('!') && matches(one.slice(1), name));
  return !isDenied && patterns.some((one) => matches(one, name));
}

/** `|1|salt|hash`: HMAC-SHA1 of the name. */
function isHashOf(hashed: string, name: string): boolean {
  const [, , salt = '', hash = ''] = hashed.split('|');
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

/** `*` stands for any characters and `?` for one. */
function matches(pattern: string, name: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(name);
}
