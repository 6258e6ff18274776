import { errorMessage, TurnpikeError } from '../errors.ts';

/** The names of the store's settings as users know them, for messages. */
export interface StoreSettings {
  readonly directory: string;
  readonly maxBytes: string;
}

export const STORE_SETTINGS: StoreSettings = {
  directory: 'the cache',
  maxBytes: 'the bound of the cache',
};

/** The disk that holds the copies. */
export interface Disk {
  readonly directory: string;
  /** `STORE_SETTINGS` unless given. */
  readonly settings?: StoreSettings;
}

const FULL = ['ENOSPC', 'EDQUOT'];
const UNUSABLE = ['EROFS', 'EACCES', 'EPERM', 'EIO'];

/** The error of a cache directory that is full or cannot be used; undefined for an error that is not the disk's. */
export function diskProblem(error: unknown, disk: Disk): TurnpikeError | undefined {
  const { directory, settings = STORE_SETTINGS } = disk;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (FULL.includes(code)) {
    const advice = `free some space there, or set ${settings.maxBytes} to what it can hold`;
    const message = `The disk of ${directory}, the directory of ${settings.directory}, is full: ${advice}.`;
    return new TurnpikeError('ConfigInvalid', message, { retry: 'backoff', cause: error });
  }
  return UNUSABLE.includes(code) ? unusableDirectory(error, disk) : undefined;
}

export function unusableDirectory(error: unknown, { settings = STORE_SETTINGS }: Disk): TurnpikeError {
  const message = `The directory of ${settings.directory} cannot be used: ${errorMessage(error)}`;
  return new TurnpikeError('ConfigInvalid', message, { retry: 'backoff', cause: error });
}
