import { setImmediate } from 'node:timers/promises';
import { TurnpikeError } from '../../api/errors.ts';
import { deltaResultSize } from './delta.ts';
import { parseEntry } from './pack-file.ts';
import { parsePktLines, splitSideBands } from './pktline.ts';

const MIB = 1024 * 1024;
const MAX_OBJECT_MIB = 64;
const MAX_TOTAL_MIB = 1024;
const MAX_OBJECTS = 1_000_000;

/** Other work gets its turn after so many objects: some milliseconds. */
const OBJECTS_AT_ONCE = 500;

const HEADER_BYTES = 12;
const COUNT_AT = 8;

/**
 * Looks through the pack in the answer to a fetch (gitformat-pack) before it is stored: isomorphic-git inflates
 * each object whole in memory, and a few bytes can become any number. `name` is the repository's, for messages.
 * Throws `GitTooLarge`, and anything else when the pack is damaged.
 */
export async function refuseLargeObjects(answer: Buffer, name: string): Promise<void> {
  const { data: pack } = splitSideBands(parsePktLines(answer));
  if (pack.length < HEADER_BYTES) return;
  const count = pack.readUInt32BE(COUNT_AT);
  if (count > MAX_OBJECTS) throw largeWhole(name);
  let [at, total] = [HEADER_BYTES, 0];
  for (let number = 1; number <= count; number += 1) {
    const entry = parseEntry(pack.subarray(at), at, MAX_OBJECT_MIB * MIB);
    const size = entry && (entry.base === undefined ? entry.data.length : deltaResultSize(entry.data));
    if (entry === undefined || size === undefined || size > MAX_OBJECT_MIB * MIB) throw largeObject(name);
    total += size;
    if (total > MAX_TOTAL_MIB * MIB) throw largeWhole(name);
    at += entry.length;
    if (number % OBJECTS_AT_ONCE === 0) await setImmediate();
  }
}

function largeObject(name: string): TurnpikeError {
  const message = `${name} has a file of more than ${MAX_OBJECT_MIB} MiB: keep it out of this repository, such as in Git LFS.`;
  return new TurnpikeError('GitTooLarge', message, { retry: 'never' });
}

function largeWhole(name: string): TurnpikeError {
  const message = `${name} has files of more than ${MAX_TOTAL_MIB} MiB in all, or more than ${MAX_OBJECTS} of them: promote in a repository for GitOps alone.`;
  return new TurnpikeError('GitTooLarge', message, { retry: 'never' });
}
