declare module 'bcrypt-pbkdf' {
  /** Bytes of what `hash` makes. */
  export const HASHSIZE: number;
  /** bcrypt of two SHA-512 sums, each of 64 bytes; writes to `out`. */
  export function hash(password: Uint8Array, salt: Uint8Array, out: Uint8Array): void;
}
