import type { Random } from './random.ts';
import { RAW } from './tokens.ts';

/** Mutations that know nothing of what the bytes mean. */

type Mutation = (bytes: Buffer, random: Random) => Buffer;

const MUTATIONS: readonly [Mutation, ...Mutation[]] = [
  flipBit,
  replaceByte,
  truncate,
  removePart,
  duplicatePart,
  movePart,
  insertToken,
  insertToken,
  repeatPart,
];

/** Changes 1 to 4 places; `tokens` are inserted beside the common ones. */
export function mutateBytes(
  text: string | Uint8Array,
  random: Random,
  tokens: readonly string[] = [],
): Buffer {
  let bytes: Buffer = Buffer.from(text);
  const times = 1 + random.below(4);
  for (let done = 0; done < times; done += 1) {
    bytes =
      tokens.length > 0 && random.chance(0.3)
        ? insert(bytes, random, random.pickAny(tokens) ?? '')
        : random.pick(MUTATIONS)(bytes, random);
  }
  return bytes;
}

function flipBit(bytes: Buffer, random: Random): Buffer {
  return withByte(bytes, random, (byte) => byte ^ (1 << random.below(8)));
}

function replaceByte(bytes: Buffer, random: Random): Buffer {
  return withByte(bytes, random, () => random.below(256));
}

function withByte(bytes: Buffer, random: Random, change: (byte: number) => number): Buffer {
  const at = random.below(bytes.length);
  const changed = Buffer.from(bytes);
  if (changed.length > 0) changed[at] = change(changed[at] ?? 0);
  return changed;
}

function truncate(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  return random.chance(0.5) ? bytes.subarray(0, at) : bytes.subarray(at);
}

function removePart(bytes: Buffer, random: Random): Buffer {
  const { start, end } = part(bytes, random);
  return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
}

function duplicatePart(bytes: Buffer, random: Random): Buffer {
  const { start, end } = part(bytes, random);
  return Buffer.concat([bytes.subarray(0, end), bytes.subarray(start)]);
}

function movePart(bytes: Buffer, random: Random): Buffer {
  const { start, end } = part(bytes, random);
  const rest = Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
  const at = random.below(rest.length + 1);
  return Buffer.concat([rest.subarray(0, at), bytes.subarray(start, end), rest.subarray(at)]);
}

function repeatPart(bytes: Buffer, random: Random): Buffer {
  const { start, end } = part(bytes, random);
  const times = random.pick([2, 10, 200]);
  const copies = Array.from({ length: times }, () => bytes.subarray(start, end));
  return Buffer.concat([bytes.subarray(0, end), ...copies, bytes.subarray(end)]);
}

function insertToken(bytes: Buffer, random: Random): Buffer {
  return insert(bytes, random, random.pick(RAW));
}

function insert(bytes: Buffer, random: Random, token: string): Buffer {
  const at = random.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(token), bytes.subarray(at)]);
}

/** Mostly short, for a long one changes little that a truncation does not. */
function part(bytes: Buffer, random: Random): { start: number; end: number } {
  const start = random.below(bytes.length + 1);
  const longest = random.chance(0.8) ? 40 : bytes.length;
  return { start, end: Math.min(bytes.length, start + random.below(longest + 1)) };
}
