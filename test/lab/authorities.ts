import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { KeyPair } from './certificates.ts';

/** Certificate authorities above and below each other, and what they sign. */
export interface Authority {
  /** PEM. */
  readonly cert: string;
  /** An authority below this one. */
  below(name: string): Promise<Authority>;
  /** A server certificate for 127.0.0.1, for so many days from now; the server's certificate alone. */
  server(names?: readonly string[], days?: number): Promise<KeyPair>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 24 * 3600 * 1000;

export async function rootAuthority(name: string): Promise<Authority> {
  const keys = await newKeys();
  const extensions = await authorityExtensions(keys);
  const made = { name: `CN=${name}`, keys, signingAlgorithm: ALGORITHM, extensions, ...validity() };
  return authorityOf(await x509.X509CertificateGenerator.createSelfSigned(made), keys);
}

function authorityOf(certificate: x509.X509Certificate, keys: CryptoKeyPair): Authority {
  const issue = (subject: string, publicKey: CryptoKey, extensions: x509.Extension[], days = 1) =>
    x509.X509CertificateGenerator.create({
      serialNumber: randomBytes(8).toString('hex'),
      subject: `CN=${subject}`,
      issuer: certificate.subject,
      publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions,
      ...validity(days),
    });
  return {
    cert: `${certificate.toString('pem').trim()}\n`,
    async below(name) {
      const own = await newKeys();
      return authorityOf(await issue(name, own.publicKey, await authorityExtensions(own)), own);
    },
    async server(names = [], days = 1) {
      const own = await newKeys();
      const addresses = [{ type: 'ip', value: '127.0.0.1' } as const];
      const dns = names.map((value) => ({ type: 'dns', value }) as const);
      const extensions = [
        new x509.SubjectAlternativeNameExtension([...addresses, ...dns]),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        await x509.AuthorityKeyIdentifierExtension.create(certificate),
      ];
      const made = await issue('server', own.publicKey, extensions, days);
      const key = await crypto.subtle.exportKey('pkcs8', own.privateKey);
      return {
        cert: `${made.toString('pem').trim()}\n`,
        key: `${x509.PemConverter.encode(key, 'PRIVATE KEY').trim()}\n`,
      };
    },
  };
}

async function authorityExtensions({ publicKey }: CryptoKeyPair): Promise<x509.Extension[]> {
  return [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
  ];
}

function newKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function validity(days = 1) {
  const now = Date.now();
  return { notBefore: new Date(now - 2 * DAY_MS), notAfter: new Date(now + days * DAY_MS) };
}
