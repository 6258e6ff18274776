import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, isListening } from '../../../lab/ports.ts';
import { waitUntil } from '../../../lab/wait.ts';
import { run } from '../../stage/run.ts';

/** OpenSSH's own server on loopback; all of it is in one temporary directory. */
export interface OpenSshServer {
  /** Holds the bare repositories. */
  readonly directory: string;
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Lines for a known_hosts file, by the kind of host key. */
  readonly knownHosts: Readonly<Record<HostKeyKind, string>>;
  /** Of a repository in the directory. */
  urlOf(repository: string): string;
  close(): Promise<void>;
}

/** Who may log in, and the one program that this key gets. */
export interface AuthorizedKey {
  readonly publicKey: string;
  readonly command: string;
}

const HOST_KEY_KINDS = ['ed25519', 'ecdsa', 'rsa'] as const;
export type HostKeyKind = (typeof HOST_KEY_KINDS)[number];

/** Lets Git's programs run and nothing else. */
export const GIT_SHELL = 'git-shell -c "$SSH_ORIGINAL_COMMAND"';

/** The program, which Debian keeps outside of most users' PATH; undefined where it is not installed. `.ci/run` does. */
export function findSshd(): string | undefined {
  return Bun.which('sshd', { PATH: `${Bun.env.PATH}:/usr/sbin:/usr/local/sbin` }) ?? undefined;
}

/** A key pair by ssh-keygen, whose arguments say of what kind. */
export async function generateKey(
  path: string,
  args: readonly string[],
  passphrase = '',
): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  await run(['ssh-keygen', '-q', ...args, '-N', passphrase, '-C', '', '-f', path]);
  const [privateKey, publicKey] = await Promise.all([
    readFile(path, 'utf8'),
    readFile(`${path}.pub`, 'utf8'),
  ]);
  return { privateKey, publicKey };
}

export async function startOpenSsh(sshd: string, keys: readonly AuthorizedKey[]): Promise<OpenSshServer> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-openssh-'));
  const port = await freePort();
  const knownHosts = await makeHostKeys(directory, port);
  const config = join(directory, 'sshd_config');
  const user = (await run(['id', '-un'])).trim();
  await writeFile(join(directory, 'authorized_keys'), keys.map(authorizedLine).join(''));
  await writeFile(config, configText(directory, port));
  // Run by root, it drops its rights in there.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const log = Bun.file(join(directory, 'sshd.log'));
  const server = Bun.spawn([sshd, '-D', '-e', '-f', config], {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: log,
  });
  const said = async () => ((await log.exists()) ? log.text() : '');
  await waitUntil('sshd to listen', async () => {
    if (server.exitCode !== null) throw new Error(`sshd ended: ${await said()}`);
    return isListening(port);
  });
  return {
    directory,
    host: `127.0.0.1:${port}`,
    knownHosts,
    urlOf: (repository) => `ssh://${user}@127.0.0.1:${port}${directory}/${repository}`,
    async close() {
      server.kill();
      await server.exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function makeHostKeys(directory: string, port: number): Promise<Record<HostKeyKind, string>> {
  const lines = HOST_KEY_KINDS.map(async (kind) => {
    const { publicKey } = await generateKey(join(directory, `host_${kind}`), ['-t', kind]);
    return [kind, `[127.0.0.1]:${port} ${publicKey.trim()}\n`] as const;
  });
  return Object.fromEntries(await Promise.all(lines)) as Record<HostKeyKind, string>;
}

function authorizedLine({ publicKey, command }: AuthorizedKey): string {
  return `restrict,command="${command.replaceAll('"', '\\"')}" ${publicKey.trim()}\n`;
}

/** StrictModes asks for directories that others may not write, which a temporary one cannot promise. */
function configText(directory: string, port: number): string {
  const lines = [
    'ListenAddress 127.0.0.1',
    `Port ${port}`,
    ...HOST_KEY_KINDS.map((kind) => `HostKey ${join(directory, `host_${kind}`)}`),
    `AuthorizedKeysFile ${join(directory, 'authorized_keys')}`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin forced-commands-only',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    `SetEnv PATH=${Bun.env.PATH} GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null`,
  ];
  return `${lines.join('\n')}\n`;
}
