import { readFile } from 'node:fs/promises';
import { run } from './run.ts';

/** A key pair as openssl makes it; the private key is in PKCS#8, the public one as ssh-keygen writes it. */
export interface OpensslKey {
  readonly privateKey: string;
  readonly publicKey: string;
}

export interface OpensslKind {
  /** Options of `openssl genpkey`, such as `-algorithm ed25519`. */
  readonly options: string;
  /** Options of `openssl pkcs8 -topk8`; default: its own. */
  readonly lock?: string;
}

export async function opensslKey(
  path: string,
  { options, lock = '' }: OpensslKind,
  passphrase = '',
): Promise<OpensslKey> {
  await run(['openssl', 'genpkey', ...options.split(' '), '-out', path]);
  const publicKey = await publicKeyOf(path);
  if (passphrase === '') return { privateKey: await readFile(path, 'utf8'), publicKey };
  const locked = `${path}.locked`;
  const how = [...lock.split(' ').filter((word) => word !== ''), '-passout', `pass:${passphrase}`];
  await run(['openssl', 'pkcs8', '-topk8', '-in', path, ...how, '-out', locked]);
  return { privateKey: await readFile(locked, 'utf8'), publicKey };
}

/** ssh-keygen reads openssl's keys of ed25519 since 9.6 alone; the last 32 bytes are the key (RFC 8410, section 4). */
async function publicKeyOf(path: string): Promise<string> {
  const file = `${path}.spki`;
  await run(['openssl', 'pkey', '-in', path, '-pubout', '-out', file]);
  const text = await readFile(file, 'utf8');
  const bytes = Buffer.from(text.split('\n').slice(1, -2).join(''), 'base64');
  if (bytes.length !== 44) return `${(await run(['ssh-keygen', '-i', '-m', 'PKCS8', '-f', file])).trim()}\n`;
  const name = Buffer.from('\0\0\0\u000bssh-ed25519\0\0\0\u0020');
  return `ssh-ed25519 ${Buffer.concat([name, bytes.subarray(-32)]).toString('base64')}\n`;
}
