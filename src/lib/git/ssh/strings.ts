/** A string of SSH's (RFC 4251, section 5) with the place behind it; a missing one is empty. */
export function stringAt(bytes: Buffer, at: number): [Buffer, number] {
  if (at + 4 > bytes.length) return [Buffer.alloc(0), bytes.length];
  const end = at + 4 + bytes.readUInt32BE(at);
  return [bytes.subarray(at + 4, end), end];
}

export function stringOf(value: Buffer | string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
