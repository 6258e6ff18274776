import { readFile } from 'node:fs/promises';
import type { Turnpike } from '../test/lab/turnpike.ts';

/** Resident memory of the process in MB (10^6 bytes). */
export async function memoryOf({ process }: Turnpike): Promise<number> {
  const status = await readFile(`/proc/${process.pid}/status`, 'utf8');
  return (Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024) / 1e6;
}
