import { createPrivateKey, X509Certificate } from 'node:crypto';
import { authoritiesIn } from './authorities.ts';
import { isLongKey, MAX_RSA_BITS } from './key-length.ts';
import { CLIENT_CERTIFICATE, CLIENT_KEY, type HasKey, nameOf, type ReadText } from './secret-parts.ts';

/** A certificate that a server may ask its callers for, with its private key: both in PEM. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

/** By which of Flux's names a Secret holds them. */
function namesIn(has: HasKey): ClientCertificate {
  return { cert: nameOf(CLIENT_CERTIFICATE, has), key: nameOf(CLIENT_KEY, has) };
}

export function hasClientCertificate(has: HasKey): boolean {
  const { cert, key } = namesIn(has);
  return has(cert) || has(key);
}

/** Says that one of the two is missing, in a sentence that begins with the Secret. */
export function halfCertificateFault(secret: string, has: HasKey): string | undefined {
  const { cert, key } = namesIn(has);
  if (has(cert) === has(key)) return undefined;
  const [given, absent] = has(cert) ? [cert, key] : [key, cert];
  return `${secret} has the key ${given} but no ${absent}: a client certificate and its private key belong together.`;
}

/** The client certificate that a Secret holds; undefined where it holds none or the half of one. */
export function clientCertificateOf(read: ReadText): ClientCertificate | undefined {
  const names = namesIn((key) => read(key) !== undefined);
  const [cert, key] = [read(names.cert), read(names.key)];
  return cert === undefined || key === undefined ? undefined : { cert, key };
}

/** A chain of a few certificates has a tenth of it. */
const MAX_LENGTH = 64 * 1024;

/** Says what would otherwise show when a connection cannot be opened. The sentence holds no value. */
export function certificateFault(secret: string, read: ReadText): string | undefined {
  const pair = clientCertificateOf(read);
  if (!pair) return undefined;
  const names = namesIn((key) => read(key) !== undefined);
  const long = (['cert', 'key'] as const).find((one) => pair[one].length > MAX_LENGTH);
  if (long) return `${secret} has a key ${names[long]} of more than ${MAX_LENGTH} bytes.`;
  const certificate = parsed(() => new X509Certificate(pair.cert));
  if (!certificate) {
    return `${secret} has a key ${names.cert} that holds no certificate in PEM: use the client's, from -----BEGIN CERTIFICATE----- on.`;
  }
  if (authoritiesIn(pair.cert).broken > 0) {
    return `${secret} has a key ${names.cert} with a certificate that cannot be read: use the client's, followed only by those of the authorities above it.`;
  }
  if (/-----BEGIN ENCRYPTED|\bProc-Type: *4,ENCRYPTED/.test(pair.key)) {
    return `${secret} has a key ${names.key} with a passphrase: use a private key without one.`;
  }
  if (isLongKey(pair.key)) {
    return `${secret} has a key ${names.key} with an RSA key of more than ${MAX_RSA_BITS} bits: make a shorter one.`;
  }
  const key = parsed(() => createPrivateKey(pair.key));
  if (!key) {
    return `${secret} has a key ${names.key} that holds no private key in PEM: use the one that belongs to ${names.cert}.`;
  }
  if (certificate.checkPrivateKey(key)) return undefined;
  return `${secret} has a key ${names.key} that does not belong to the certificate in ${names.cert}: use a matching pair.`;
}

/** The library's words may quote what is no key. */
function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
