import { errorMessage, TurnpikeError } from '../errors.ts';

const FULL = ['ENOSPC', 'EDQUOT'];
const UNUSABLE = ['EROFS', 'EACCES', 'EPERM', 'EIO'];

/** The error of a cache directory that is full or cannot be used; undefined for what is none of the disk's. */
export function diskProblem(error: unknown, directory: string): TurnpikeError | undefined {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (FULL.includes(code)) {
    const advice = 'make room there, or set --git-cache-max-size to what it can hold';
    const message = `The disk of ${directory}, the directory of --git-cache-dir, is full: ${advice}.`;
    return new TurnpikeError('ConfigInvalid', message, { retry: 'backoff', cause: error });
  }
  return UNUSABLE.includes(code) ? unusableDirectory(error) : undefined;
}

export function unusableDirectory(error: unknown): TurnpikeError {
  const message = `The directory of --git-cache-dir cannot be used: ${errorMessage(error)}`;
  return new TurnpikeError('ConfigInvalid', message, { retry: 'backoff', cause: error });
}
