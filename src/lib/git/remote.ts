import type { Waiting } from '../async/index.ts';
import type { ConnectionSettings } from '../net/index.ts';

/** Keys of the Secret that Git uses. Over HTTPS a token alone serves as password; over SSH that is `identity`'s. */
export interface GitCredentials extends ConnectionSettings {
  readonly token?: string;
  /** A bearer token; it wins over all other credentials. */
  readonly bearerToken?: string;
  readonly username?: string;
  readonly password?: string;
  /** A private key, for Git over SSH. */
  readonly identity?: string;
  /** The host's keys, as OpenSSH has them. */
  readonly knownHosts?: string;
}

/** The advice against failures, in the words of the caller's settings: each ends a sentence that says what is wrong. */
export interface Advice {
  /** The server refuses the credentials. */
  readonly credentials: string;
  /** It shows a page to sign in. */
  readonly token: string;
  /** A branch is not there. */
  readonly branch: string;
  /** The files are too large. */
  readonly size: string;
}

export const ADVICE: Advice = {
  credentials: 'check them',
  token: 'use a valid token',
  branch: 'create it',
  size: 'keep large files in Git LFS, or raise maxPackBytes',
};

/** A repository on a server, and the credentials for it. */
export interface RepositoryAccess {
  readonly url: string;
  readonly credentials: GitCredentials;
}

/** One piece of work with a repository. */
export interface Connecting extends RepositoryAccess {
  /** Ends the work when it is aborted. */
  readonly signal?: AbortSignal;
  /** Called with the number of bytes of a fetch as they come. */
  readonly received?: (bytes: number) => void;
  /** Waits for a turn of ours, which takes none of its time. */
  readonly waiting?: Waiting;
  /** The tenant that it is done for: the work of one tenant does not hold up another. */
  readonly tenant?: string | undefined;
}
