import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { wait } from '../../async/index.ts';
import { errorMessage, TurnpikeError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { type CertificatePair, isPair } from './certificate.ts';
import type { Certificates } from './certificates.ts';

export interface FileCertificatesOptions {
  /** The listener's, for the log. */
  readonly name: string;
  readonly log: Logger;
  /** Between two looks, in milliseconds. Default: 5 s. */
  readonly pollMs?: number;
}

const POLL_MS = 5000;

/**
 * `tls.crt` and `tls.key` of a directory that somebody else keeps, such as a mounted Secret. The contents
 * are compared: a mounted Secret changes by a swap of links, which watching files misses.
 */
export function fileCertificates(directory: string, options: FileCertificatesOptions): Certificates {
  const { name, log } = options;
  let served: CertificatePair | undefined;

  async function ensure(): Promise<CertificatePair> {
    served = await readPair(directory);
    return served;
  }

  async function look(onChange: (pair: CertificatePair) => Promise<void>): Promise<void> {
    const pair = await readPair(directory);
    if (Bun.deepEquals(pair, served)) return;
    await onChange(pair);
    served = pair;
  }

  async function run(onChange: (pair: CertificatePair) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await look(onChange);
      } catch (error) {
        log.warn({ server: name, directory, error: errorMessage(error) }, 'certificate not read');
      }
      await wait(options.pollMs ?? POLL_MS, signal);
    }
  }

  return { ensure, run };
}

async function readPair(directory: string): Promise<CertificatePair> {
  const [cert, key] = await Promise.all([read(join(directory, 'tls.crt')), read(join(directory, 'tls.key'))]);
  if (isPair({ cert, key })) return { cert, key };
  throw invalid(`tls.crt and tls.key in ${directory} are not a certificate and its private key`);
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
