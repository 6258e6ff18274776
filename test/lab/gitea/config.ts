import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { join } from 'node:path';

export interface GiteaConfig {
  /** Everything it writes goes below this. */
  readonly work: string;
  /** The directory of its templates and translations; undefined when the binary carries them itself. */
  readonly assets: string | undefined;
  readonly httpPort: number;
  readonly sshPort: number;
  readonly checkQueue: CheckQueue;
}

/**
 * The queue of pull requests that Gitea has yet to check for conflicts. In memory it now and then (once in
 * some thousand) takes one that was fetched at once for one that waits: that pull request is never checked,
 * and so never merged, until Gitea is started again. On disk, its own default, it looks every two seconds
 * at most.
 */
export type CheckQueue = 'memory' | 'disk';

/**
 * The text of app.ini: SQLite, loopback only, everything off that takes time and that no test needs. It may
 * run as root because only the lab reaches it and nothing of it is kept.
 */
export function giteaConfig({ work, assets, httpPort, sshPort, checkQueue }: GiteaConfig): string {
  const sections: Record<string, Record<string, string | number | boolean>> = {
    server: {
      HTTP_ADDR: '127.0.0.1',
      HTTP_PORT: httpPort,
      ROOT_URL: `http://127.0.0.1:${httpPort}/`,
      ...(assets === undefined ? {} : { STATIC_ROOT_PATH: assets }),
      START_SSH_SERVER: true,
      SSH_LISTEN_HOST: '127.0.0.1',
      SSH_DOMAIN: '127.0.0.1',
      SSH_PORT: sshPort,
      SSH_LISTEN_PORT: sshPort,
      BUILTIN_SSH_SERVER_USER: 'git',
      OFFLINE_MODE: true,
      LFS_START_SERVER: false,
    },
    database: { DB_TYPE: 'sqlite3', PATH: join(work, 'gitea.db'), SQLITE_JOURNAL_MODE: 'WAL' },
    repository: { ROOT: join(work, 'repositories'), DEFAULT_BRANCH: 'main' },
    security: {
      INSTALL_LOCK: true,
      SECRET_KEY: randomBytes(32).toString('hex'),
      INTERNAL_TOKEN: randomBytes(32).toString('hex'),
    },
    service: { DISABLE_REGISTRATION: true },
    webhook: { ALLOWED_HOST_LIST: '*' },
    indexer: { ISSUE_INDEXER_TYPE: 'db', REPO_INDEXER_ENABLED: false },
    queue: { TYPE: 'channel' },
    ...(checkQueue === 'disk' && { 'queue.pr_patch_checker': { TYPE: 'level' } }),
    log: { MODE: 'console', LEVEL: 'warn' },
    actions: { ENABLED: false },
    packages: { ENABLED: false },
    oauth2: { ENABLED: false },
    cron: { ENABLED: false },
    'cron.update_checker': { ENABLED: false },
  };
  const top = [
    'APP_NAME = Turnpike lab',
    'RUN_MODE = prod',
    `RUN_USER = ${userInfo().username}`,
    `WORK_PATH = ${work}`,
    'I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true',
  ];
  const lines = Object.entries(sections).flatMap(([section, keys]) => [
    '',
    `[${section}]`,
    ...Object.entries(keys).map(([key, value]) => `${key} = ${value}`),
  ]);
  return `${[...top, ...lines].join('\n')}\n`;
}
