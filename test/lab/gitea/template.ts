import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from '../build/lock.ts';
import { duration, type Reporter } from '../build/reporter.ts';
import type { Located } from '../build/store.ts';
import { runOrThrow } from '../command.ts';
import type { LabEnvironment } from '../environment.ts';
import { freePorts, isListening } from '../ports.ts';
import { type Supervisor, startSupervisor, waitForProcess } from '../supervisor.ts';
import { giteaConfig } from './config.ts';

export interface GiteaCredentials {
  readonly user: string;
  readonly password: string;
  /** A token for the API and for Git over HTTP, with all scopes. */
  readonly token: string;
}

export interface GiteaTemplate {
  /** A data directory with migrated database, one administrator and an SSH host key; copied per lab. */
  readonly directory: string;
  readonly credentials: GiteaCredentials;
  /** The directory of the binary's templates; undefined when it carries them itself. */
  readonly assets: string | undefined;
}

const USER = 'gitops';
const CREDENTIALS = 'credentials.json';
const HOST_KEY = join('data', 'ssh', 'gitea.rsa');

/** Makes the template unless the cache has it: migrating a database and making keys takes seconds. */
export async function giteaTemplate(
  located: Located,
  environment: LabEnvironment,
  reporter: Reporter,
): Promise<GiteaTemplate> {
  const directory = join(environment.cache, 'gitea', await templateKey(located));
  if (!existsSync(directory)) {
    await mkdir(join(environment.cache, 'gitea'), { recursive: true });
    await withLock(
      {
        file: join(environment.cache, 'gitea.lock'),
        onWait: () => reporter.note('Another process is preparing Gitea; waiting for it.'),
      },
      () => prepareTemplate(located, { directory, cache: environment.cache, reporter }),
    );
  }
  const credentials = JSON.parse(await readFile(join(directory, CREDENTIALS), 'utf8')) as GiteaCredentials;
  return { directory, credentials, assets: assetsOf(located) };
}

/** Everything below the data directory that a lab's own Gitea starts from. */
export function hostKeyFile(work: string): string {
  return join(work, `${HOST_KEY}.pub`);
}

/** The way to start Gitea with its configuration in `work`. */
export function giteaCommand(binary: string, work: string, ...args: readonly string[]): string[] {
  return [binary, '--config', join(work, 'app.ini'), '--work-path', work, ...args];
}

/** The binary of the cache has its assets beside it; one found elsewhere is a release with them inside. */
function assetsOf({ binary, assets, ownBinary }: Located): string | undefined {
  return binary === ownBinary ? assets : undefined;
}

async function templateKey({ binary, component }: Located): Promise<string> {
  const { size, mtimeMs } = await stat(binary);
  const digest = createHash('sha256').update(`${binary}:${size}:${mtimeMs}`).digest('hex');
  return `${component.version}-${digest.slice(0, 8)}`;
}

async function prepareTemplate(
  located: Located,
  { directory, cache, reporter }: { directory: string; cache: string; reporter: Reporter },
): Promise<void> {
  if (existsSync(directory)) return;
  const started = performance.now();
  const supervisor = await startSupervisor(cache);
  try {
    const work = join(supervisor.directory, 'template');
    await mkdir(work);
    const credentials = await fillTemplate(located, work, supervisor);
    await writeFile(join(work, CREDENTIALS), JSON.stringify(credentials), { mode: 0o600 });
    await rename(work, directory);
  } finally {
    await supervisor.stop();
  }
  reporter.note(`Prepared Gitea's data once, in ${duration((performance.now() - started) / 1000)}`);
}

async function fillTemplate(
  located: Located,
  work: string,
  supervisor: Supervisor,
): Promise<GiteaCredentials> {
  const [httpPort = 0, sshPort = 0] = await freePorts(2);
  const config = { work, assets: assetsOf(located), httpPort, sshPort, checkQueue: 'memory' as const };
  await writeFile(join(work, 'app.ini'), giteaConfig(config), { mode: 0o600 });
  const gitea = (...args: string[]) => runOrThrow(giteaCommand(located.binary, work, ...args), { cwd: work });
  const password = randomBytes(12).toString('hex');
  await gitea('migrate');
  await gitea(
    ...['admin', 'user', 'create', '--admin', '--must-change-password=false'],
    ...['--username', USER, '--password', password, '--email', `${USER}@example.com`],
  );
  const printed = await gitea(
    ...['admin', 'user', 'generate-access-token', '--username', USER],
    ...['--token-name', 'lab', '--scopes', 'all', '--raw'],
  );
  const web = await supervisor.start('gitea', {
    argv: giteaCommand(located.binary, work, 'web'),
    cwd: work,
  });
  await waitForProcess(web, async () => (await isListening(httpPort)) && isListening(sshPort), 60);
  await web.stop();
  return { user: USER, password, token: printed.trim().split('\n').at(-1) ?? '' };
}
