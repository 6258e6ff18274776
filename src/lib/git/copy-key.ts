import { keyBy } from '../net/index.ts';
import type { RepositoryAccess } from './remote.ts';

/**
 * The key of the copy of a repository. Each proxy has a copy of its own: otherwise it could claim a commit that others
 * have fetched, and be sent objects that are made of its files.
 */
export function copyKey({ url, credentials }: RepositoryAccess): string {
  return keyBy(credentials, url);
}

/** The repository's URL of such a key, for logs: the rest is a digest of a password too, and must not be logged. */
export function copiedUrl(key: string): string {
  return key.split(' ', 1)[0] ?? '';
}
