import { connectionSecrets } from '../../net/index.ts';
import type { Credentials } from './credentials.ts';

/** Texts that must not appear in messages. */
export function secretsOf(credentials: Credentials): string[] {
  const { token, bearerToken, password, username, signing } = credentials;
  const basic = username !== undefined && password !== undefined ? [toBase64(`${username}:${password}`)] : [];
  const all = [token, bearerToken, password, signing?.passphrase].filter((secret) => secret !== undefined);
  return [...new Set([...all, ...basic, ...connectionSecrets(credentials)])];
}

function toBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
