import { createHmac } from 'node:crypto';
import { matchesHostPattern } from './host-pattern.ts';

/** A host's public key, as `known_hosts` has it. */
export interface HostKey {
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa`, … */
  readonly type: string;
  readonly key: Buffer;
}

const MAX_CHARACTERS = 256 * 1024;
const MAX_LINES = 1_000;
const MAX_PATTERNS = 16;

/**
 * Says why a `known_hosts` file is too dear to read, to follow "known_hosts of the Secret"; undefined when it is not.
 */
export function knownHostsProblem(text: string): string | undefined {
  if (text.length > MAX_CHARACTERS) return `is longer than ${MAX_CHARACTERS / 1024} KiB`;
  const entries = entriesOf(text);
  if (entries.length > MAX_LINES) return `has more than ${MAX_LINES} lines`;
  const isLong = entries.some(({ names }) => names.split(',', MAX_PATTERNS + 1).length > MAX_PATTERNS);
  return isLong ? `has a line with more than ${MAX_PATTERNS} names` : undefined;
}

/**
 * The keys that a `known_hosts` file has for a host (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): plain and hashed names,
 * patterns, and without the keys that it revokes. Certificate authorities are not supported. Check the text by
 * `knownHostsProblem` first.
 */
export function knownKeys(text: string, host: string, port: number): HostKey[] {
  const name = port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
  const own = entriesOf(text).filter(({ names }) => isNamed(names, name));
  const revoked = own.filter(({ marker }) => marker === '@revoked');
  return own.filter(({ marker, key }) => marker === '' && !revoked.some((one) => one.key.equals(key)));
}

interface Entry extends HostKey {
  readonly marker: string;
  readonly names: string;
}

function entriesOf(text: string): Entry[] {
  return text.split('\n').flatMap((line) => parseLine(line.trim()) ?? []);
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
  const isDenied = patterns.some((one) => one.startsWith('!') && matchesHostPattern(one.slice(1), name));
  return !isDenied && patterns.some((one) => matchesHostPattern(one, name));
}

/** `|1|salt|hash`: HMAC-SHA1 of the name. */
function isHashOf(hashed: string, name: string): boolean {
  const [, , salt = '', hash = ''] = hashed.split('|');
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}
