import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Reporter } from '../build/reporter.ts';
import type { Located } from '../build/store.ts';
import { runOrThrow } from '../command.ts';
import { GO_RUNTIME, type LabEnvironment } from '../environment.ts';
import { freePorts } from '../ports.ts';
import { type Supervisor, waitForProcess } from '../supervisor.ts';
import { type CheckQueue, giteaConfig } from './config.ts';
import { type GiteaCredentials, giteaCommand, giteaTemplate, hostKeyFile } from './template.ts';

export const GITEA = 'gitea';

/** The addresses and credentials of a running Gitea. */
export interface GiteaConnection extends GiteaCredentials {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** `127.0.0.1:<port>` */
  readonly host: string;
  readonly ssh: {
    readonly port: number;
    /** The line for a known_hosts file. */
    readonly knownHosts: string;
  };
}

export interface StartGitea {
  readonly supervisor: Supervisor;
  readonly located: Located;
  readonly environment: LabEnvironment;
  readonly reporter: Reporter;
  readonly checkQueue: CheckQueue;
}

/** Starts Gitea on a copy of the template and waits until its API answers. */
export async function startGitea(options: StartGitea): Promise<GiteaConnection> {
  const { supervisor, located, environment, reporter, checkQueue } = options;
  const template = await giteaTemplate(located, environment, reporter);
  const work = join(supervisor.directory, 'gitea');
  await runOrThrow(['cp', '-R', template.directory, work]);
  const [httpPort = 0, sshPort = 0] = await freePorts(2);
  const config = { work, assets: template.assets, httpPort, sshPort, checkQueue };
  await writeFile(join(work, 'app.ini'), giteaConfig(config), { mode: 0o600 });
  const gitea = await supervisor.start(GITEA, {
    argv: giteaCommand(located.binary, work, 'web'),
    env: { ...GO_RUNTIME, TMPDIR: supervisor.directory },
    cwd: work,
  });
  const url = `http://127.0.0.1:${httpPort}`;
  await waitForProcess(gitea, () => answers(`${url}/api/v1/version`), 60);
  const [keyType, key] = (await readFile(hostKeyFile(work), 'utf8')).split(' ');
  return {
    ...template.credentials,
    url,
    host: `127.0.0.1:${httpPort}`,
    ssh: { port: sshPort, knownHosts: `[127.0.0.1]:${sshPort} ${keyType} ${key?.trim()}` },
  };
}

function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    (answer) => answer.ok,
    () => false,
  );
}
