import { createPrivateKey, X509Certificate } from 'node:crypto';

/** A certificate and its private key, both as PEM. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** Names and addresses by which a server is called. */
export interface ServerNames {
  readonly dns: readonly string[];
  readonly ip: readonly string[];
}

/** The share of its life after which a certificate is renewed. */
const RENEW_AFTER = 2 / 3;

/** The certificate in a PEM text; undefined when there is none, or it is damaged. */
export function readCertificate(pem: string | undefined): X509Certificate | undefined {
  if (!pem) return undefined;
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** True from two thirds of the certificate's life on, before its time, and for what is no certificate. */
export function needsRenewal(pem: string | undefined, now: Date): boolean {
  const certificate = readCertificate(pem);
  if (!certificate) return true;
  const from = Date.parse(certificate.validFrom);
  const renewAt = from + (Date.parse(certificate.validTo) - from) * RENEW_AFTER;
  const time = now.getTime();
  return !(time >= from && time < renewAt);
}

/** True: the key belongs to the certificate. */
export function isPair({ cert, key }: CertificatePair): boolean {
  try {
    return readCertificate(cert)?.checkPrivateKey(createPrivateKey(key)) ?? false;
  } catch {
    return false;
  }
}

/** True: the authority signed the certificate. */
export function isSignedBy(cert: string, authority: string): boolean {
  const issuer = readCertificate(authority);
  return (issuer && readCertificate(cert)?.verify(issuer.publicKey)) ?? false;
}

/** True: the certificate holds for all of these names. */
export function coversNames(cert: string, names: ServerNames): boolean {
  const certificate = readCertificate(cert);
  if (!certificate) return false;
  const dns = names.dns.every((name) => certificate.checkHost(name) !== undefined);
  return dns && names.ip.every((address) => certificate.checkIP(address) !== undefined);
}

/** The certificates of a PEM text one by one, each ending in a newline; other text is left out. */
export function splitBundle(pem: string): string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => `${block}\n`);
}
