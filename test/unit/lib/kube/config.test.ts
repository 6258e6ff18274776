import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadKubeConfig } from '../../../../src/lib/kube/kubeconfig/load.ts';

const VALID = `
apiVersion: v1
kind: Config
current-context: one
clusters:
  - {name: c, cluster: {server: "https://127.0.0.1:6443/"}}
users:
  - {name: u, user: {token: hunter2}}
contexts:
  - {name: one, context: {cluster: c, user: u, namespace: dev}}
`;

describe('a kubeconfig', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'turnpike-kubeconfig-'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  async function file(text: string, name = 'config'): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  }

  function load(text: string) {
    return file(text).then((kubeconfig) => loadKubeConfig({ kubeconfig }));
  }

  test('says where the server is, who we are and in which namespace', async () => {
    const config = await load(VALID);
    expect(config.getCurrentCluster()?.server).toBe('https://127.0.0.1:6443');
    expect(config.getCurrentUser()?.token).toBe('hunter2');
    expect(config.getContextObject('one')?.namespace).toBe('dev');
  });

  test.each([
    ['current-context: one', '', 'has no current-context'],
    ['current-context: one', 'current-context: two', 'has no context "two"'],
    ['cluster: c,', 'cluster: d,', 'has no cluster "d", which "one" names'],
    ['user: u,', 'user: w,', 'has no user "w", which "one" names'],
    ['https://', 'http://', 'is not reached by https'],
    ['https://127.0.0.1:6443/', 'nonsense', 'is not a URL'],
    ['https://', 'https://me:secret@', 'must not hold a password'],
    ['server:', 'certificate-authority: gone.crt, server:', 'gone.crt, which cannot be read'],
    ['token: hunter2', 'tokenFile: gone', 'gone, which cannot be read'],
    ['name: c,', 'nme: c,', 'clusters[0].name is missing'],
    ['- {name: u,', 'k: {name: u,', 'holds no clusters, users and contexts'],
    ['server:', 'proxy-url: "socks5://127.0.0.1:1", server:', 'proxy'],
  ])('with %s turned into %s is refused with a sentence', async (from, to, sentence) => {
    const changed = load(VALID.replace(from, to));
    await expect(changed).rejects.toMatchObject({ code: 'ConfigInvalid', retry: 'never' });
    await expect(changed).rejects.toThrow(sentence);
  });

  test.each([
    ['not YAML', VALID.replace('{token: hunter2}', '{token: hunter2')],
    ['empty', ''],
    ['a list', '- hunter2'],
  ])('that is %s is refused without a word of what it holds', async (_, text) => {
    const error = await load(text).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ConfigInvalid' });
    expect(Bun.inspect(error)).not.toContain('hunter2');
  });

  test('that does not exist is refused', () => {
    expect(() => loadKubeConfig({ kubeconfig: join(folder, 'gone') })).toThrow('cannot be read');
    expect(() => loadKubeConfig({ kubeconfig: `${folder}/gone:${folder}/too` })).toThrow('None of the');
  });

  test('in several files is merged as kubectl does: the first file counts', async () => {
    const first = await file(VALID, 'first');
    const second = await file(VALID.replace('hunter2', 'other').replace('name: u,', 'name: u2,'), 'second');
    const config = loadKubeConfig({ kubeconfig: `${first}:${join(folder, 'gone')}:${second}` });
    expect(config.getUsers().map((user) => user.name)).toEqual(['u', 'u2']);
    expect(config.getCurrentUser()?.token).toBe('hunter2');
  });

  test('may name its files and commands relative to itself', async () => {
    await file('t', 'token');
    const byFile = await load(VALID.replace('token: hunter2', 'token: hunter2, tokenFile: token'));
    expect(byFile.getCurrentUser()).toMatchObject({ authProvider: { config: { path: `${folder}/token` } } });
    expect(byFile.getCurrentUser()?.token).toBeUndefined();
    const byCommand = await load(VALID.replace('token: hunter2', 'exec: {command: ./login}'));
    expect(byCommand.getCurrentUser()?.exec.command).toBe(`${folder}/login`);
  });
});

describe('without a kubeconfig', () => {
  let root: string;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'turnpike-pod-'));
    const account = join(root, 'var/run/secrets/kubernetes.io/serviceaccount');
    await mkdir(account, { recursive: true });
    await Promise.all(
      ['ca.crt', 'token', 'namespace'].map((name) => writeFile(join(account, name), `${name}\n`)),
    );
  });

  afterAll(() => rm(root, { recursive: true }));

  /** In a process of its own: whether this is a pod is told by the environment. */
  async function load(env: Record<string, string>, serviceAccountRoot: string): Promise<unknown> {
    const script = `
      import { loadKubeConfig } from './src/lib/kube/kubeconfig/load.ts';
      try {
        const config = loadKubeConfig({ serviceAccountRoot: ${JSON.stringify(serviceAccountRoot)} });
        const context = config.getContextObject(config.getCurrentContext());
        console.log(JSON.stringify([config.getCurrentCluster().server, context.namespace]));
      } catch (error) {
        console.log(JSON.stringify(error.message));
      }`;
    const child = Bun.spawn([process.execPath, '-e', script], {
      cwd: join(import.meta.dir, '../../../..'),
      env: { ...process.env, KUBERNETES_SERVICE_HOST: '', KUBERNETES_SERVICE_PORT: '', ...env },
    });
    return JSON.parse(await new Response(child.stdout).text());
  }

  const POD = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };

  test("the pod's ServiceAccount serves", async () => {
    expect(await load(POD, root)).toEqual(['https://10.0.0.1:443', 'namespace']);
  });

  test('and without a pod the user is told what to set', async () => {
    expect(await load(POD, '/nowhere')).toContain('set --kubeconfig or KUBECONFIG');
    expect(await load({}, root)).toContain('set --kubeconfig or KUBECONFIG');
  });
});
