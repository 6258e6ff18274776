import { createHash } from 'node:crypto';
import { HASHSIZE, hash } from 'bcrypt-pbkdf';
import type { Turn } from '../../async/index.ts';

export interface Derivation {
  readonly passphrase: string;
  readonly salt: Buffer;
  readonly rounds: number;
  /** Bytes of the key. */
  readonly length: number;
}

/**
 * The key that a passphrase makes (OpenBSD's bcrypt_pbkdf). Each round takes 20 ms and waits for its turn, which the
 * library's own function does not: with the rounds of a usual key it holds up the process for half a second.
 */
export async function deriveKey(derivation: Derivation, turn: Turn): Promise<Buffer> {
  const { salt, length } = derivation;
  const password = sha512(Buffer.from(derivation.passphrase));
  const blocks = Math.ceil(length / HASHSIZE);
  const key = Buffer.alloc(length);
  for (let block = 0; block < blocks; block += 1) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(block + 1);
    const made = await blockOf(password, Buffer.concat([salt, number]), derivation.rounds, turn);
    // The blocks lie across the key, not one behind the other.
    for (const [index, byte] of made.entries()) {
      const at = index * blocks + block;
      if (at < length) key[at] = byte;
    }
  }
  return key;
}

async function blockOf(password: Buffer, salt: Buffer, rounds: number, turn: Turn): Promise<Buffer> {
  const sum = Buffer.alloc(HASHSIZE);
  const last = Buffer.alloc(HASHSIZE);
  let next = salt;
  for (let round = 0; round < rounds; round += 1) {
    await turn();
    hash(password, sha512(next), last);
    for (const [index, byte] of last.entries()) sum[index] = (sum[index] ?? 0) ^ byte;
    next = last;
  }
  return sum;
}

function sha512(bytes: Buffer): Buffer {
  return createHash('sha512').update(bytes).digest();
}
