import { createPrivateKey, type KeyObject } from 'node:crypto';
import { openSshText } from './openssh-text.ts';
import { stringOf } from './strings.ts';

/** The curves that SSH has a name for (RFC 5656, section 10.1). */
const CURVES = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/** A key of PKCS#8 without a passphrase in a form that ssh2 reads; undefined where SSH has no such keys. */
export function pkcs8ToSsh(bytes: Buffer): string | undefined {
  try {
    const key = createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' });
    return sshText(key);
  } catch {
    return undefined; // The library quotes what it cannot read.
  }
}

function sshText(key: KeyObject): string | undefined {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return key.export({ type: 'pkcs1', format: 'pem' }).toString();
    case 'ec': {
      const isKnown = CURVES.has(key.asymmetricKeyDetails?.namedCurve ?? '');
      return isKnown ? key.export({ type: 'sec1', format: 'pem' }).toString() : undefined;
    }
    case 'ed25519':
      return ed25519Text(key);
    default:
      return undefined;
  }
}

const ED25519 = stringOf('ssh-ed25519');
const BLOCK = 8;

function ed25519Text(key: KeyObject): string {
  const { d = '', x = '' } = key.export({ format: 'jwk' });
  const [secret, open] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
  const publicKey = Buffer.concat([ED25519, stringOf(open)]);
  // The same number twice in front, which shows that a passphrase was right, and an empty comment behind.
  const parts = [Buffer.alloc(8), publicKey, stringOf(Buffer.concat([secret, open])), stringOf('')];
  const content = Buffer.concat(parts);
  const padding = Array.from({ length: (BLOCK - (content.length % BLOCK)) % BLOCK }, (_, index) => index + 1);
  return openSshText(publicKey, Buffer.concat([content, Buffer.from(padding)]));
}
