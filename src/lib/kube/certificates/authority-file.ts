import { readFile } from 'node:fs/promises';
import { wait } from '../../async/index.ts';
import { errorMessage, TurnpikeError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { readCertificate, splitBundle } from './certificate.ts';

/** Certificate authorities that vouch for callers, each as PEM. */
export interface Authorities {
  /** Those to trust now. */
  ensure(): Promise<readonly string[]>;
  /**
   * Looks at the file until the signal fires. `onChange` gets those to trust from now on; when it fails it is
   * called again at the next look. While the file cannot be used, those from before stay.
   */
  run(onChange: (authorities: readonly string[]) => Promise<void>, signal: AbortSignal): Promise<void>;
}

export interface AuthorityFileOptions {
  readonly log: Logger;
  /** Between two looks, in milliseconds. Default: 5 s. */
  readonly pollMs?: number;
}

const POLL_MS = 5000;

/** A file of certificates that somebody else keeps, such as one of a mounted ConfigMap or Secret. */
export function authorityFile(file: string, { log, pollMs = POLL_MS }: AuthorityFileOptions): Authorities {
  let trusted: readonly string[] | undefined;

  async function look(onChange: (authorities: readonly string[]) => Promise<void>): Promise<void> {
    const authorities = await readAuthorities(file);
    if (Bun.deepEquals(authorities, trusted)) return;
    await onChange(authorities);
    trusted = authorities;
  }

  return {
    async ensure() {
      trusted = await readAuthorities(file);
      return trusted;
    },
    async run(onChange, signal) {
      while (!signal.aborted) {
        await wait(pollMs, signal);
        try {
          if (!signal.aborted) await look(onChange);
        } catch (error) {
          log.warn({ file, error: errorMessage(error) }, 'authorities of callers not read');
        }
      }
    },
  };
}

async function readAuthorities(file: string): Promise<readonly string[]> {
  const authorities = splitBundle(await read(file));
  if (authorities.length === 0) throw invalid(`${file} holds no certificate in PEM`);
  const other = authorities.find((one) => !readCertificate(one)?.ca);
  if (other === undefined) return authorities;
  throw invalid(`${file} holds a certificate that is damaged, or not of an authority`);
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw invalid(`${file} cannot be read: ${errorMessage(error)}`, error);
  }
}

function invalid(sentence: string, cause?: unknown): TurnpikeError {
  return new TurnpikeError('ConfigInvalid', `${sentence}.`, { retry: 'backoff', cause });
}
