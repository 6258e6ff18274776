import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runOrThrow } from '../../lab/command.ts';

/** A key with a passphrase that takes so many rounds of bcrypt; `rounds` 0: without one. */
export async function makeKey(rounds: number): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-hostile-key-'));
  try {
    const file = join(directory, 'key');
    const lock = rounds > 0 ? ['-a', String(rounds), '-N', 'a passphrase'] : ['-N', ''];
    await runOrThrow(['ssh-keygen', '-q', '-t', 'ed25519', '-f', file, ...lock]);
    return await readFile(file, 'utf8');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
