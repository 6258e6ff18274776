// The library of certificates needs this before it is loaded.
import 'reflect-metadata';
import { type X509Certificate as NodeCertificate, randomBytes } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { CertificatePair, ServerNames } from './certificate.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 24 * 3600 * 1000;
const AUTHORITY_DAYS = 365;
const LEAF_DAYS = 7;
/**
 * Certificates begin in the past: a node's clock may be ahead of the API server's, which then refuses what is not
 * valid yet. client-go goes as far back with the certificates that it makes.
 */
const BACKDATED_MS = 3600 * 1000;

/** A certificate authority of its own, good for a year: EC P-256, signs servers and nothing below them. */
export async function generateAuthority(now: Date): Promise<CertificatePair> {
  const keys = await generateKeys();
  const serialNumber = newSerialNumber();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber,
    // Its own name for each: while two authorities are trusted, a client must not take one for the other.
    name: `CN=turnpike-admission-ca-${serialNumber}`,
    keys,
    ...validity(now, AUTHORITY_DAYS),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: toPem(certificate), key: await keyToPem(keys.privateKey) };
}

/** A server's certificate by that authority, good for seven days. */
export async function generateLeaf(
  authority: CertificatePair,
  names: ServerNames,
  now: Date,
): Promise<CertificatePair> {
  const issuer = new X509Certificate(authority.cert);
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.create({
    serialNumber: newSerialNumber(),
    subject: 'CN=turnpike-admission',
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: await keyFromPem(authority.key),
    ...validity(now, LEAF_DAYS),
    signingAlgorithm: ALGORITHM,
    extensions: await leafExtensions(issuer, keys.publicKey, names),
  });
  return { cert: toPem(certificate), key: await keyToPem(keys.privateKey) };
}

async function leafExtensions(
  issuer: X509Certificate,
  publicKey: CryptoKey,
  names: ServerNames,
): Promise<Extension[]> {
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension([
      ...names.dns.map((value) => ({ type: 'dns' as const, value })),
      ...names.ip.map((value) => ({ type: 'ip' as const, value })),
    ]),
    await SubjectKeyIdentifierExtension.create(publicKey),
    await AuthorityKeyIdentifierExtension.create(issuer),
  ];
}

/** Time at which a certificate was made here. */
export function madeAt(certificate: Pick<NodeCertificate, 'validFrom'>): number {
  return Date.parse(certificate.validFrom) + BACKDATED_MS;
}

function generateKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function validity(now: Date, days: number): { notBefore: Date; notAfter: Date } {
  const from = now.getTime() - BACKDATED_MS;
  return { notBefore: new Date(from), notAfter: new Date(from + days * DAY_MS) };
}

/** 126 random bits, positive and without a zero in front, as RFC 5280 section 4.1.2.2 asks for. */
function newSerialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function toPem(certificate: X509Certificate): string {
  return `${certificate.toString('pem').trim()}\n`;
}

async function keyToPem(key: CryptoKey): Promise<string> {
  return `${PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY').trim()}\n`;
}

function keyFromPem(pem: string): Promise<CryptoKey> {
  return crypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(pem), ALGORITHM, false, ['sign']);
}
