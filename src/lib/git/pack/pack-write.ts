import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { entryHeader } from '../objects.ts';

const compress = promisify(deflate);

/** Writes a pack of whole objects, one in memory at a time. `read` gives each of them. */
export async function writePack(
  path: string,
  count: number,
  read: (index: number) => { readonly type: number; readonly body: Buffer },
): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  const hash = createHash('sha1');
  const write = async (bytes: Buffer) => {
    hash.update(bytes);
    await file.writeFile(bytes);
  };
  try {
    const header = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1');
    header.writeUInt32BE(count, 8);
    await write(header);
    for (let index = 0; index < count; index += 1) {
      const { type, body } = read(index);
      await write(entryHeader(type, body.length));
      await write(await compress(body, { level: 1 }));
    }
    await file.writeFile(hash.digest());
  } finally {
    await file.close();
  }
}
