import { createHash } from 'node:crypto';
import type { BranchUpdate } from '../workspace.ts';

/**
 * What the copy of a repository is kept under. A proxy that a Pipeline names may answer in the place of the repository's
 * host, where the Pipeline names a certificate authority as well: it gets a copy of its own, else it could claim a commit
 * that others have fetched and be sent what is made of its files.
 */
export function copyKey({ url, credentials }: Pick<BranchUpdate, 'url' | 'credentials'>): string {
  const { proxy } = credentials;
  return proxy === undefined ? url : `${url} through ${createHash('sha256').update(proxy).digest('hex')}`;
}
