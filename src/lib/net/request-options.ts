import { createHash } from 'node:crypto';
import { defined } from '../defined.ts';
import type { ClientCertificate } from './client-certificate.ts';
import type { OutboundRequest } from './outbound/request.ts';

/** How a host is reached over HTTPS, as a Secret says. */
export interface ConnectionSettings {
  /** A private certificate authority, in PEM. */
  readonly caFile?: string;
  /** Shown to servers that ask for one. */
  readonly clientCertificate?: ClientCertificate;
  /** The proxy's URL with its user and password, in the place of the environment's. */
  readonly proxy?: string;
}

/** The settings as a request takes them. */
export function connectionOptions(
  settings: ConnectionSettings,
): Pick<OutboundRequest, 'ca' | 'certificate' | 'proxy'> {
  const { caFile, clientCertificate, proxy } = settings;
  return {
    ...defined({
      ca: caFile,
      certificate: clientCertificate,
      proxy: proxy === undefined ? undefined : new URL(proxy),
    }),
  };
}

/**
 * The key of what is remembered, apart for each proxy that a Pipeline names: it may answer in the place of the host,
 * where the Pipeline names a certificate authority as well.
 */
export function keyBy({ proxy }: ConnectionSettings, key: string): string {
  return proxy === undefined ? key : `${key} through ${createHash('sha256').update(proxy).digest('hex')}`;
}

/** The secrets of the settings, which must not appear in messages. */
export function connectionSecrets({ clientCertificate, proxy }: ConnectionSettings): string[] {
  const key = clientCertificate ? [clientCertificate.key] : [];
  if (proxy === undefined) return key;
  const { href, username, password } = new URL(proxy);
  const [user, word] = [decodeURIComponent(username), decodeURIComponent(password)];
  const basic = Buffer.from(`${user}:${word}`, 'utf8').toString('base64');
  return [...key, href, ...(word === '' ? [] : [password, word, basic])];
}
