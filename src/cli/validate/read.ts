import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createBoundedBytes } from '../../lib/net/index.ts';

/** Standard input, as the command needs it. */
export interface StandardInput {
  /** True at a terminal, where a person would wait for ever. */
  readonly isTerminal: () => boolean;
  readonly read: () => AsyncIterable<Uint8Array>;
}

export type Content =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'too-large' }
  /** `why` is a sentence. */
  | { readonly kind: 'unreadable'; readonly why: string };

/** Reads a file or a pipe to its end, never more than `maxBytes` of it. */
export async function readContent(
  path: string,
  maxBytes: number,
  standardInput?: StandardInput,
): Promise<Content> {
  try {
    if (path === '-' && standardInput) return await readAll(standardInput.read(), maxBytes);
    const found = await stat(path);
    if (found.size > maxBytes) return { kind: 'too-large' };
    if (found.isFile() && found.size > 0) return { kind: 'bytes', bytes: await readFile(path) };
    // A pipe, or something else that does not say how long it is.
    return await readAll(createReadStream(path), maxBytes);
  } catch (error) {
    return { kind: 'unreadable', why: `It cannot be read: ${reasonOf(error)}.` };
  }
}

async function readAll(stream: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Content> {
  const bytes = createBoundedBytes(maxBytes);
  for await (const part of stream) {
    if (!bytes.add(part)) return { kind: 'too-large' };
  }
  return { kind: 'bytes', bytes: bytes.take() };
}

/** The text of a file without its byte order mark, or a sentence that says why it is none. */
export function decodeText(bytes: Uint8Array): { readonly text: string } | { readonly why: string } {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return { why: 'The file is in UTF-16: save it as UTF-8.' };
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { why: 'This is not text in UTF-8.' };
  }
}

/** The code of a system error, such as EACCES. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  return error instanceof Error ? error.message : String(error);
}
