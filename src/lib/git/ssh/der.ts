/** A value of DER (X.690, section 8.1). */
export interface DerValue {
  readonly tag: number;
  readonly body: Buffer;
}

export const SEQUENCE = 0x30;
export const OBJECT_IDENTIFIER = 0x06;
export const INTEGER = 0x02;
export const OCTET_STRING = 0x04;

/** No sequence of the formats that are read here is longer. */
const MOST = 8;

/** The first few of the values that stand one behind the other; undefined where the bytes are not DER values. */
export function derValues(bytes: Buffer): DerValue[] | undefined {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.length && values.length < MOST; ) {
    const tag = bytes[at];
    const header = lengthAt(bytes, at + 1);
    if (tag === undefined || !header || header.end + header.length > bytes.length) return undefined;
    const end = header.end + header.length;
    values.push({ tag, body: bytes.subarray(header.end, end) });
    at = end;
  }
  return values;
}

/** The values in a value of that tag; none where it is another. */
export function inside(value: DerValue | undefined, tag: number = SEQUENCE): DerValue[] {
  return value?.tag === tag ? (derValues(value.body) ?? []) : [];
}

/** A positive number of at most six bytes. */
export function derNumber(value: DerValue | undefined): number | undefined {
  const digits = value?.tag === INTEGER ? value.body : Buffer.alloc(0);
  const isSmall = digits.length > 0 && digits.length <= 6 && (digits[0] ?? 0) < 0x80;
  return isSmall ? digits.readUIntBE(0, digits.length) : undefined;
}

/** The bytes of an object identifier in hex; empty where the value is not one. */
export function derIdentifier(value: DerValue | undefined): string {
  return value?.tag === OBJECT_IDENTIFIER ? value.body.toString('hex') : '';
}

/** Reads a length, and where it ends; undefined where the bytes are not a length of at most four bytes. */
function lengthAt(bytes: Buffer, at: number): { readonly end: number; readonly length: number } | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  if (first < 0x80) return { end: at + 1, length: first };
  const size = first & 0x7f;
  const end = at + 1 + size;
  if (size === 0 || size > 4 || end > bytes.length) return undefined;
  return { end, length: bytes.readUIntBE(at + 1, size) };
}
