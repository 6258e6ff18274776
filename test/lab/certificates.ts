import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** A certificate and its private key, both as PEM (the key as PKCS #8). */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** The certificates and keys of one control plane; nothing of it is used twice or kept. */
export interface ClusterCertificates {
  readonly ca: string;
  readonly apiserver: KeyPair;
  /** A client certificate of the group system:masters. */
  readonly admin: KeyPair;
  /** The key that signs ServiceAccount tokens (PKCS #8), and its public key (SPKI), both PEM. */
  readonly serviceAccount: { readonly publicKey: string; readonly privateKey: string };
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 24 * 3600 * 1000;

/** `names` are further DNS names of the API server. */
export async function createClusterCertificates(names: readonly string[] = []): Promise<ClusterCertificates> {
  const { authority, issuer } = await newAuthority('CN=lab');
  const [apiserver, admin, serviceAccount] = await Promise.all([
    issue(issuer, 'CN=kube-apiserver', [
      new x509.SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'dns', value: 'localhost' },
        { type: 'dns', value: 'kubernetes.default.svc' },
        ...names.map((value) => ({ type: 'dns' as const, value })),
      ]),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    ]),
    issue(issuer, 'O=system:masters,CN=admin', CLIENT),
    newKeys(),
  ]);
  return {
    ca: authority.toString('pem'),
    apiserver,
    admin,
    serviceAccount: {
      publicKey: await toPem('spki', serviceAccount.publicKey),
      privateKey: await toPem('pkcs8', serviceAccount.privateKey),
    },
  };
}

/** An authority of that name, and a client certificate of it. */
export async function createClientCertificate(name: string): Promise<{ ca: string; client: KeyPair }> {
  const { authority, issuer } = await newAuthority(`CN=${name}`);
  return { ca: authority.toString('pem'), client: await issue(issuer, `CN=client of ${name}`, CLIENT) };
}

const CLIENT = [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])];

async function newAuthority(name: string) {
  const keys = await newKeys();
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    name,
    keys,
    ...validity(),
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  return { authority, issuer: { name: authority.subject, key: keys.privateKey } };
}

interface Issuer {
  readonly name: string;
  readonly key: CryptoKey;
}

async function issue(issuer: Issuer, subject: string, extensions: x509.Extension[]): Promise<KeyPair> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomBytes(8).toString('hex'),
    subject,
    issuer: issuer.name,
    ...validity(),
    publicKey: keys.publicKey,
    signingKey: issuer.key,
    signingAlgorithm: ALGORITHM,
    extensions,
  });
  return { cert: certificate.toString('pem'), key: await toPem('pkcs8', keys.privateKey) };
}

function newKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

/** A validity from yesterday, for clocks that differ, and for a year: a lab may be left running. */
function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + 365 * DAY_MS) };
}

async function toPem(format: 'pkcs8' | 'spki', key: CryptoKey): Promise<string> {
  const label = format === 'pkcs8' ? 'PRIVATE KEY' : 'PUBLIC KEY';
  return x509.PemConverter.encode(await crypto.subtle.exportKey(format, key), label);
}
