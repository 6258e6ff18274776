import {
  type CertificatePair,
  coversNames,
  isPair,
  isSignedBy,
  needsRenewal,
  readCertificate,
  type ServerNames,
} from './certificate.ts';
import { generateAuthority, generateLeaf, madeAt } from './generate.ts';

/** All that the replicas share: who signs, what they serve, and who signed before. */
export interface CertificateState {
  readonly authority: CertificatePair;
  readonly leaf: CertificatePair;
  /** Certificate of the authority before this one; some replica may still serve what it signed. */
  readonly previousAuthority?: string;
}

/** By then every replica serves a certificate of the new authority: they look at least once a minute. */
const CHANGE_MS = 3600 * 1000;

/** The certificates that clients are to trust, as one PEM text. */
export function trustedBundle({ authority, previousAuthority }: CertificateState): string {
  return authority.cert + (previousAuthority ?? '');
}

/**
 * The state to go on with. Its leaf is the same while that may stay, and a new one when something is
 * missing, damaged, due for renewal or made for other names.
 */
export async function renewedState(
  state: Partial<CertificateState>,
  names: ServerNames,
  now: Date,
): Promise<CertificateState> {
  const { authority, leaf, previousAuthority } = state;
  if (!authority || !isUsable(authority, now)) {
    const next = await generateAuthority(now);
    return withLeaf(next, names, { now, previousAuthority: stillTrusted(authority?.cert, now) });
  }
  if (leaf && isUsable(leaf, now) && isSignedBy(leaf.cert, authority.cert) && coversNames(leaf.cert, names)) {
    return { ...state, authority, leaf };
  }
  const isServedByAll = now.getTime() - madeTime(authority.cert) > CHANGE_MS;
  return withLeaf(authority, names, {
    now,
    previousAuthority: isServedByAll ? undefined : previousAuthority,
  });
}

function isUsable(pair: CertificatePair, now: Date): boolean {
  return isPair(pair) && !needsRenewal(pair.cert, now);
}

async function withLeaf(
  authority: CertificatePair,
  names: ServerNames,
  { now, previousAuthority }: { readonly now: Date; readonly previousAuthority: string | undefined },
): Promise<CertificateState> {
  const leaf = await generateLeaf(authority, names, now);
  return { authority, leaf, ...(previousAuthority && { previousAuthority }) };
}

function stillTrusted(cert: string | undefined, now: Date): string | undefined {
  const certificate = readCertificate(cert);
  return certificate && Date.parse(certificate.validTo) > now.getTime() ? cert : undefined;
}

function madeTime(cert: string): number {
  const certificate = readCertificate(cert);
  return certificate ? madeAt(certificate) : 0;
}
