import { pemText } from '../../text/index.ts';
import { stringOf } from './strings.ts';

/** Begins a private key of OpenSSH's own format (OpenSSH's PROTOCOL.key). */
export const MAGIC = Buffer.from('openssh-key-v1\0');

/** A key without a passphrase, as ssh-keygen would write it. */
export function openSshText(publicKey: Buffer, secret: Buffer): string {
  const one = Buffer.from([0, 0, 0, 1]);
  const names = ['none', 'none', ''].map(stringOf);
  const bytes = Buffer.concat([MAGIC, ...names, one, stringOf(publicKey), stringOf(secret)]);
  return pemText({ label: 'OPENSSH PRIVATE KEY', headers: [], base64: bytes.toString('base64') });
}
