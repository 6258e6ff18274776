import { createPrivateKey } from 'node:crypto';
import { type PemBlock, pemBlocks } from '../text/index.ts';

/**
 * Everybody waits while one signs: with twice as many bits for a quarter of a second, and in JavaScript, as with OpenPGP,
 * for seconds and minutes. Go's servers take no longer ones either.
 */
export const MAX_RSA_BITS = 8192;
/** In base64; one of so many bits has 6,400. A longer one is not even read, which takes 8 ms with twice as many bits. */
const MAX_BASE64_LENGTH = 8000;

/** True: a block holds a private key that is too long to be read. */
export function isLongKeyBlock({ base64 }: Pick<PemBlock, 'base64'>): boolean {
  return base64.length > MAX_BASE64_LENGTH;
}

/** True: a text in PEM holds a private key that takes too long to sign with. */
export function isLongKey(pem: string): boolean {
  if (pemBlocks(pem).some((block) => block.label.endsWith('PRIVATE KEY') && isLongKeyBlock(block)))
    return true;
  return rsaBits(pem) > MAX_RSA_BITS;
}

function rsaBits(pem: string): number {
  try {
    return createPrivateKey(pem).asymmetricKeyDetails?.modulusLength ?? 0;
  } catch {
    return 0; // The caller says what it cannot read.
  }
}
