import type { HasKey, ReadText } from '../../../lib/net/pure.ts';
import type { SecretData } from '../referenced-objects.ts';

const DECODER = new TextDecoder();

/** Blanks and line ends do not count: the reader of these keys drops them. An encrypted value is text. */
export function hasText(data: SecretData, key: string): boolean {
  const value = data.get(key);
  if (value === undefined || value === 'sealed') return value === 'sealed';
  // One visible byte is enough; only without one is the value decoded, which copies it.
  return value.some(isVisibleAscii) || textOf(value).trim() !== '';
}

export function textOf(value: Uint8Array): string {
  return DECODER.decode(value);
}

function isVisibleAscii(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f;
}

export function hasIn(data: SecretData): HasKey {
  return (key) => hasText(data, key);
}

export function isSealed(data: SecretData, keys: readonly string[]): boolean {
  return keys.some((key) => data.get(key) === 'sealed');
}

/** A sealed value is not read. */
export function textIn(data: SecretData): ReadText {
  return (key) => {
    const value = data.get(key);
    return value === undefined || value === 'sealed' ? undefined : textOf(value).trim() || undefined;
  };
}
