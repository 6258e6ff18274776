import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { connectLab, type Lab, startLab } from '../../lab/lab.ts';
import { isListening } from '../../lab/ports.ts';
import { waitUntil } from '../../lab/wait.ts';

const MINUTE = 60_000;

function portOf(url: string): number {
  return Number(new URL(url).port);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('a lab of its own', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await startLab({ definitions: true });
  }, MINUTE);

  afterAll(() => lab.stop());

  test('serves a control plane where namespaces can be made', async () => {
    await lab.kubectl(['create', 'namespace', 'dev']);
    expect(await lab.get(['namespace', 'dev'])).toMatchObject({ status: { phase: 'Active' } });
  });

  test('knows the resources of Flux when it was asked to, without Flux', async () => {
    const names = ['helmreleases', 'kustomizations', 'gitrepositories', 'alerts'];
    const found = await Promise.all(names.map((name) => lab.tryKubectl(['get', name, '-A'])));
    expect(found.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(lab.has.flux).toBe(false);
  });

  test('gives a ServiceAccount its own rights and no others', async () => {
    await lab.kubectl(['create', 'serviceaccount', 'reader', '-n', 'default']);
    await lab.kubectl(['create', 'role', 'reader', '--verb=list', '--resource=configmaps']);
    await lab.kubectl([
      'create',
      'rolebinding',
      'reader',
      '--role=reader',
      '--serviceaccount=default:reader',
    ]);
    const kubeconfig = await lab.serviceAccountKubeconfig('default', 'reader');

    const allowed = await lab.tryKubectl(['get', 'configmaps'], { kubeconfig });
    const refused = await lab.tryKubectl(['get', 'secrets'], { kubeconfig });
    expect(allowed).toMatchObject({ code: 0 });
    expect(refused.stderr).toContain('User "system:serviceaccount:default:reader" cannot list');
  });

  test('has its data again after the API server was away', async () => {
    await lab.kubectl(['create', 'configmap', 'kept']);
    await lab.stopApiserver();
    expect(await isListening(portOf(lab.server))).toBe(false);
    await lab.startApiserver();
    expect(await lab.get(['configmap', 'kept'])).toMatchObject({ metadata: { name: 'kept' } });
  });

  test('names the command and the reason when kubectl fails', async () => {
    const failing = lab.kubectl(['get', 'namespace', 'absent']);
    await expect(failing).rejects.toThrow(/"kubectl get namespace absent" failed:\n.*not found/);
  });
});

interface Owned {
  readonly owner: Bun.Subprocess<'ignore', 'pipe', 'inherit'>;
  readonly connectionFile: string;
  readonly pid: number;
  readonly ports: readonly number[];
}

async function startOwner(...args: readonly string[]): Promise<Owned> {
  const owner = Bun.spawn([process.execPath, join(import.meta.dir, 'lab-owner.ts'), ...args], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  for await (const line of owner.stdout) {
    const { connectionFile, pid } = JSON.parse(new TextDecoder().decode(line));
    const { server, gitea } = await connectLab(connectionFile);
    return { owner, connectionFile, pid, ports: [portOf(server), portOf(gitea.url), gitea.ssh.port] };
  }
  throw new Error(`the owner of the lab ended with status ${await owner.exited}`);
}

async function kill(owner: Owned['owner']): Promise<void> {
  owner.kill('SIGKILL');
  await owner.exited;
}

describe('a lab whose owner is killed', () => {
  test(
    'leaves no process, no open port and no directory',
    async () => {
      const { owner, connectionFile, pid, ports } = await startOwner();
      expect(await Promise.all(ports.map(isListening))).toEqual([true, true, true]);
      expect(isRunning(pid)).toBe(true);

      await kill(owner);
      const directory = join(connectionFile, '..');
      await waitUntil(`${directory} to be gone`, () => !existsSync(directory), { seconds: 20 });
      expect(await Promise.all(ports.map(isListening))).toEqual([false, false, false]);
      expect(isRunning(pid)).toBe(false);
    },
    MINUTE,
  );

  test(
    'runs on when it was told to be kept, until it is stopped',
    async () => {
      const { owner, connectionFile, pid } = await startOwner('--keep');
      await kill(owner);
      const lab = await connectLab(connectionFile);
      expect(await lab.get(['namespace', 'default'])).toMatchObject({ kind: 'Namespace' });
      expect(isRunning(pid)).toBe(true);

      await lab.stop();
      expect(existsSync(lab.directory)).toBe(false);
      expect(isRunning(pid)).toBe(false);
    },
    MINUTE,
  );
});
