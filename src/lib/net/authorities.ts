import { X509Certificate } from 'node:crypto';
import { type PemBlock, pemBlocks, pemText } from '../text/index.ts';

/** The certificate authorities of a text in PEM. */
export interface Authorities {
  readonly certificates: readonly X509Certificate[];
  /** Certificates that cannot be read, or of which there are too many. */
  readonly broken: number;
}

/**
 * The certificates as Go's `x509.CertPool.AppendCertsFromPEM` takes them: all that can be read, and blocks of other types
 * and other text are passed over (https://pkg.go.dev/crypto/x509#CertPool.AppendCertsFromPEM). BoringSSL by itself takes
 * none where the first is broken.
 */
export function authoritiesIn(text: string): Authorities {
  const blocks = pemBlocks(text).filter(({ label, headers }) => label === LABEL && headers.length === 0);
  const certificates = blocks.slice(0, MOST).flatMap((block) => read(block) ?? []);
  return { certificates, broken: blocks.length - certificates.length };
}

const LABEL = 'CERTIFICATE';

/** More than the public ones, of which there are 150. To fail to read one takes 10 µs, and thousands fit into a Secret. */
const MOST = 500;

function read({ base64 }: PemBlock): X509Certificate | undefined {
  if (base64 === '') return undefined;
  try {
    return new X509Certificate(Buffer.from(base64, 'base64'));
  } catch {
    return undefined; // The caller counts it.
  }
}

/** Those certificates alone. */
export function authoritiesText({ certificates }: Authorities): string {
  return certificates
    .map(({ raw }) => pemText({ label: LABEL, headers: [], base64: Buffer.from(raw).toString('base64') }))
    .join('');
}

/**
 * For TLS: a certificate that is trusted needs no root above it, as in Go. Bun takes it as Node.js does
 * (https://nodejs.org/api/tls.html#tlscreatesecurecontextoptions); its types do not name it.
 */
export const NO_ROOT_NEEDED = { allowPartialTrustChain: true } as const;

/** The keys of a Secret that hold them. Of both, Flux takes the first. */
export const AUTHORITY_KEYS = ['ca.crt', 'caFile'] as const;

/** The sentence that says why the value under `key` cannot be used, or undefined. */
export function authoritiesProblem(secret: string, key: string, found: Authorities): string | undefined {
  if (found.certificates.length > 0) return undefined;
  const what =
    found.broken > 0
      ? `holds no certificate that can be read, and ${found.broken} that cannot`
      : 'holds no certificate in PEM';
  return `${secret} has a key ${key} that ${what}: use the certificate authority's, from -----BEGIN CERTIFICATE----- on.`;
}

/** The sentence that warns of a value which can be used all the same, or undefined. */
export function authoritiesWarning(
  secret: string,
  key: string,
  { certificates, broken }: Authorities,
  now: Date | undefined,
): string | undefined {
  if (certificates.length === 0) return undefined;
  const last = new Date(Math.max(...certificates.map(({ validTo }) => Date.parse(validTo))));
  if (now && last < now) {
    const which =
      certificates.length === 1 ? 'The certificate' : `The last of ${certificates.length} certificates`;
    return `${which} under ${key} of ${secret} expired on ${last.toISOString().slice(0, 10)}: use a valid one.`;
  }
  if (broken === 0) return undefined;
  return `${secret} has ${broken === 1 ? 'a certificate' : `${broken} certificates`} under ${key} that cannot be read: only the others are used.`;
}
