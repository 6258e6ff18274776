import { createPrivateKey, randomBytes } from 'node:crypto';

/** An RSA key as an attacker makes one: of no primes, for which it would take minutes to search. */
export function longKey(bits: number): string {
  const half = () =>
    BigInt(
      `0xc${randomBytes(bits / 16)
        .toString('hex')
        .slice(2)}1`,
    );
  const e = 65_537n;
  const [p, q] = [half(), half()];
  const [d, qi] = [inverse(e, (p - 1n) * (q - 1n)), inverse(q, p)];
  if (d === undefined || qi === undefined) return longKey(bits);
  const numbers = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi };
  const texts = Object.entries(numbers).map(([name, number]) => {
    const hex = number.toString(16);
    return [name, Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url')];
  });
  const key = createPrivateKey({ key: { kty: 'RSA', ...Object.fromEntries(texts) }, format: 'jwk' });
  return key.export({ type: 'pkcs1', format: 'pem' }).toString();
}

function inverse(number: bigint, modulus: bigint): bigint | undefined {
  let [before, rest, last, next] = [modulus, number % modulus, 0n, 1n];
  while (rest !== 0n) {
    const times = before / rest;
    [before, rest] = [rest, before - times * rest];
    [last, next] = [next, last - times * next];
  }
  return before === 1n ? ((last % modulus) + modulus) % modulus : undefined;
}
