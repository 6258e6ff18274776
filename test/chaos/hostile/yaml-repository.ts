import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, runOrThrow } from '../../lab/command.ts';
import { type ActContext, between } from './act.ts';
import { countBegun, createTenant } from './tenant.ts';

/** A repository of the real Gitea whose files are costly to read, and a tenant whose markers are in them. */

export interface CostlyFile {
  /** The file's text, with `marker` at the end of a scalar's line. */
  readonly text: (marker: string) => string;
  /** The number of files with this content: of one object, which is fetched once. */
  readonly copies: number;
}

const WHO = {
  GIT_AUTHOR_NAME: 'Mallory',
  GIT_AUTHOR_EMAIL: 'mallory@example.com',
  GIT_COMMITTER_NAME: 'Mallory',
  GIT_COMMITTER_EMAIL: 'mallory@example.com',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
};

export async function actByRepository(context: ActContext, files: readonly CostlyFile[]): Promise<void> {
  const { lab, random } = context;
  const pipelines = between(random, 1, 4);
  const everyMs = between(random, 1000, 4000);
  const name = `mallory-${crypto.randomUUID().slice(0, 8)}`;
  const url = `${lab.gitea.url}/${lab.gitea.user}/${name}`;
  const tenant = await createTenant(context, { label: 'yaml', pipelines, url: () => url });
  await lab.gitea.createRepository(name);
  const markers = Array.from(
    { length: pipelines },
    (_, index) => `{"$promotion": "${tenant.namespace}:app${index}:prod"}`,
  );
  const trees = markers.flatMap((marker) =>
    files.map(({ text, copies }) => ({ text: text(marker), copies })),
  );
  await pushAll(context, name, trees);
  await Promise.all([tenant.promote(everyMs), countBegun(context, tenant.namespace)]);
  await tenant.leave();
}

interface PushedFile {
  readonly text: string;
  readonly copies: number;
}

async function pushAll({ lab }: ActContext, name: string, files: readonly PushedFile[]): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-hostile-'));
  const git = (...args: string[]) => runOrThrow(['git', ...args], { cwd: directory, env: WHO });
  try {
    await git('init', '--quiet');
    const entries: string[] = [];
    for (const [index, { text, copies }] of files.entries()) {
      await writeFile(join(directory, 'content'), text);
      const oid = (await git('hash-object', '-w', 'content')).trim();
      for (let copy = 0; copy < copies; copy += 1) entries.push(`100644 blob ${oid}\tf${index}-${copy}.yaml`);
    }
    const made = await run(['git', 'mktree'], { cwd: directory, env: WHO, input: `${entries.join('\n')}\n` });
    const commit = (await git('commit-tree', made.stdout.trim(), '-m', 'Add files')).trim();
    const remote = new URL(`${lab.gitea.url}/${lab.gitea.user}/${name}.git`);
    remote.username = lab.gitea.user;
    remote.password = lab.gitea.password;
    await git('push', '--quiet', remote.href, `${commit}:refs/heads/main`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
