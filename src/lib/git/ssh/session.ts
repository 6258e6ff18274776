import type { Socket } from 'node:net';
import { Client, type ClientChannel, type ConnectConfig } from 'ssh2';
import { errorMessage, TurnpikeError } from '../../errors.ts';
import { withoutBrackets } from '../../net/index.ts';
import { quotation, type Remote } from '../failure.ts';
import { type HostKey, knownHostsProblem, knownKeys } from './known-hosts.ts';
import { badKey, type OpenedKey, openPrivateKey, TOO_LONG, WRITE_ANEW } from './private-key.ts';
import type { Unlock } from './unlock.ts';

/** A connection that was logged in. */
export interface Session {
  exec(command: string): Promise<ClientChannel>;
  close(): void;
}

export interface SessionOptions {
  readonly url: URL;
  readonly privateKey: OpenedKey;
  readonly remote: Remote;
  /** The connection to the host of the URL. */
  readonly socket: Socket;
  readonly signal: AbortSignal;
}

const READY_MS = 30_000;

/** @throws TurnpikeError SecretInvalid, GitUnauthorized, GitUnavailable */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { remote, socket, signal } = options;
  const client = new Client();
  const { promise, resolve, reject } = Promise.withResolvers<Session>();
  const aborted = () => {
    end();
    reject(signal.reason);
  };
  const end = () => {
    signal.removeEventListener('abort', aborted);
    client.destroy();
    socket.destroy();
  };
  client.on('ready', () => resolve({ exec: (command) => execute(client, command), close: end }));
  // The promise is settled after `ready`: a channel in use shows its end itself.
  client.on('error', (error) => reject(sessionError(error, remote)));
  client.on('close', () => reject(sessionError(new Error('the connection was closed'), remote)));
  signal.addEventListener('abort', aborted, { once: true });
  try {
    signal.throwIfAborted();
    client.connect({ ...loginOf(options), sock: socket, readyTimeout: READY_MS });
    return await promise;
  } catch (error) {
    // A key that cannot be read ends it before the promise is awaited; the connection's own error is of no use then.
    promise.catch(() => undefined);
    end();
    throw signal.aborted ? error : sessionError(error, remote);
  }
}

/**
 * The key of the Secret. Open it before you connect: it takes its time, and no host is to wait for it or be blamed.
 *
 * @throws TurnpikeError SecretInvalid
 */
export async function openIdentity(remote: Remote, unlock: Unlock): Promise<OpenedKey> {
  const { identity, password } = remote.credentials;
  if (identity === undefined) throw missing(remote, 'identity');
  refuseBadKey(identity, remote);
  const opened = await openPrivateKey(identity, password, unlock);
  if (!opened) throw unreadableKey(remote, 'its passphrase is missing or wrong');
  return opened;
}

function loginOf({ url, remote, privateKey }: SessionOptions): ConnectConfig {
  const { knownHosts } = remote.credentials;
  if (knownHosts === undefined) throw missing(remote, 'known_hosts');
  const host = withoutBrackets(url.hostname);
  const port = url.port === '' ? 22 : Number(url.port);
  const problem = knownHostsProblem(knownHosts);
  if (problem !== undefined) {
    throw secretInvalid(`known_hosts of the Secret ${problem}: keep the lines for ${url.host} alone.`);
  }
  const keys = knownKeys(knownHosts, host, port);
  if (keys.length === 0) {
    const scan = `ssh-keyscan ${port === 22 ? '' : `-p ${port} `}${host}`;
    throw secretInvalid(
      `known_hosts of the Secret has no key of ${url.host}: add it, such as from "${scan}", and compare it with what the host publishes.`,
    );
  }
  const { key, passphrase } = privateKey;
  return {
    username: decodeURIComponent(url.username) || 'git',
    privateKey: key,
    ...(passphrase !== undefined && { passphrase }),
    hostVerifier: (shown: Buffer) => keys.some((known) => known.key.equals(shown)),
    // Only kinds of keys that can be compared are asked for.
    algorithms: { serverHostKey: keys.flatMap(algorithmsOf) as never },
  };
}

function missing({ name }: Remote, key: string): TurnpikeError {
  return secretInvalid(`${name} is reached over SSH, and the Secret has no key ${key}: add it.`);
}

function refuseBadKey(identity: string, remote: Remote): void {
  const bad = badKey(identity);
  switch (bad?.kind) {
    case undefined:
      return;
    case 'long':
      throw unreadableKey(remote, `it ${TOO_LONG}`);
    case 'slow':
      throw unreadableKey(remote, `its passphrase takes ${bad.rounds} rounds, more than ${bad.limit}`);
    case 'lock-unknown':
      throw unreadableKey(remote, `it is encrypted in an unsupported way; ${WRITE_ANEW}`);
    case 'unreadable':
      throw unreadableKey(remote, 'it is not a key of ed25519, ECDSA or RSA in PEM');
  }
}

function unreadableKey({ name }: Remote, why: string): TurnpikeError {
  return secretInvalid(
    `The key identity of the Secret for ${name} cannot be read (${why}): use a private key as ssh-keygen writes it, with its passphrase under password.`,
  );
}

/** An RSA key signs by SHA-2; signatures by SHA-1 are not accepted. */
function algorithmsOf({ type }: HostKey): string[] {
  return type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type];
}

function execute(client: Client, command: string): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => (error ? reject(error) : resolve(channel)));
  });
}

function sessionError(error: unknown, remote: Remote): TurnpikeError {
  if (error instanceof TurnpikeError) return error;
  const { name } = remote;
  // A host may say why it hangs up, in words of its own.
  const said = quotation(errorMessage(error), remote);
  if (/authentication methods failed/i.test(said)) {
    const message = `${name} refuses the key: add the public key of identity there, as one that may push.`;
    return new TurnpikeError('GitUnauthorized', message);
  }
  if (/verification failed|Host denied|no matching host key/i.test(said)) {
    const message = `${name} presents a host key that known_hosts of the Secret does not have: if the host changed its key, add the new one; if not, the connection may be intercepted.`;
    return new TurnpikeError('GitUnauthorized', message);
  }
  if (/privateKey|passphrase|integrity check failed|bad decrypt/i.test(said)) {
    return secretInvalid(
      `The key identity of the Secret for ${name} cannot be read (${said}): use a private key, with its passphrase under password.`,
    );
  }
  return new TurnpikeError('GitUnavailable', `${name} could not be reached over SSH: ${said}.`, {
    cause: error,
  });
}

function secretInvalid(message: string): TurnpikeError {
  return new TurnpikeError('SecretInvalid', message);
}
