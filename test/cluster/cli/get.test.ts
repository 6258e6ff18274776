import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { parse } from 'yaml';
import { buildTurnpike } from '../../../scripts/build.ts';
import { spec } from '../../fakes/pipeline.ts';
import type { Lab } from '../../lab/lab.ts';
import { startLab } from '../../lab/lab.ts';
import { waitUntil } from '../../lab/wait.ts';
import { applyFolder, waitForDefinition } from '../pipelines.ts';

/** `turnpike get` as people call it, against a real API server. */

const MINUTE = 60_000;

let lab: Lab;
let program: string;

beforeAll(async () => {
  [lab, { output: program }] = await Promise.all([startLab({}), buildTurnpike()]);
}, 5 * MINUTE);

afterAll(() => lab?.[Symbol.asyncDispose](), MINUTE);

function start(args: readonly string[], kubeconfig = lab.kubeconfig) {
  return Bun.spawn([program, 'get', ...args], {
    env: { PATH: process.env.PATH, KUBECONFIG: kubeconfig },
    stdout: 'pipe',
    stderr: 'pipe',
  });
}

async function get(...args: string[]) {
  const child = start(args);
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, out, err };
}

function pipeline(name: string) {
  return {
    apiVersion: 'pipelines.weave.works/v1alpha1',
    kind: 'Pipeline',
    metadata: { name, namespace: 'apps' },
    spec: spec(),
  };
}

function setStatus(name: string, status: object): Promise<string> {
  const patch = JSON.stringify({ status });
  const args = ['--subresource=status', '--type=merge', '-p', patch];
  return lab.kubectl(['patch', 'pipeline', name, '-n', 'apps', ...args]);
}

const waiting = (message: string) => ({
  observedGeneration: 1,
  environments: { staging: { promotion: { revision: '1.1.0', phase: 'WaitingApproval', message } } },
});

describe('turnpike get', () => {
  test('says that the cluster has no Pipelines API', async () => {
    const { code, out, err } = await get('-A');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toBe(
      'turnpike get: This cluster has no Pipelines API: install Turnpike first, with "kubectl apply -k kustomize/default".\n',
    );
  });

  test(
    'shows what there is, as a table and as objects',
    async () => {
      await applyFolder(lab, 'manifests/crd');
      await waitForDefinition(lab);
      await lab.kubectl(['create', 'namespace', 'apps']);
      expect(await get()).toEqual({
        code: 0,
        out: '',
        err: 'No Pipelines found in namespace default. Use -A for all namespaces.\n',
      });
      await lab.apply([pipeline('app'), pipeline('other')]);
      await setStatus('app', waiting('Waits for an approval\nof 1.1.0\u001b[2J.'));
      await setStatus('other', { observedGeneration: 1 });
      const { code, out, err } = await get('-A');
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out.split('\n').slice(0, 3)).toEqual([
        'NAMESPACE  PIPELINE  ENVIRONMENT  CURRENT  READY  NEXT   PHASE            SINCE  MESSAGE',
        'apps       app       dev          –        –      –      –                       Waits for the next deployment.',
        'apps       app       staging      –        –      1.1.0  WaitingApproval         Waits for an approval of 1.1.0 [2J.',
      ]);
      const one = JSON.parse((await get('app', '-n', 'apps', '-o', 'json')).out);
      expect(one).toMatchObject({ kind: 'Pipeline', metadata: { name: 'app' }, spec: spec() });
      expect(one.metadata.managedFields).toBeUndefined();
      const list = parse((await get('-n', 'apps', '-o', 'yaml')).out);
      expect(list.kind).toBe('List');
      expect(list.items.map((item: typeof one) => [item.kind, item.metadata.name])).toEqual([
        ['Pipeline', 'app'],
        ['Pipeline', 'other'],
      ]);
    },
    MINUTE,
  );

  test('names what does not exist, and a cluster that does not answer', async () => {
    expect(await get('none', '-n', 'apps')).toEqual({
      code: 1,
      out: '',
      err: 'turnpike get: Pipeline none not found in namespace apps: "turnpike get -A" shows all.\n',
    });
    expect((await get('--context', 'eu')).err).toContain('The kubeconfig has no context "eu"');
    expect((await get('--nonsense')).code).toBe(2);
  });

  test(
    'goes on with what changes until it is ended',
    async () => {
      const child = start(['-n', 'apps', '-w']);
      let out = '';
      const reading = (async () => {
        for await (const chunk of child.stdout) out += new TextDecoder().decode(chunk);
      })();
      await waitUntil('the table', () => out.includes('other'), { seconds: 20 });
      await setStatus('app', waiting('Waits for the lady in charge.'));
      await waitUntil('the change', () => out.includes('the lady in charge'), { seconds: 20 });
      await lab.kubectl(['delete', 'pipeline', 'other', '-n', 'apps']);
      await waitUntil('the end of one', () => out.includes('apps/other was deleted.'), {
        seconds: 20,
      });
      child.kill('SIGINT');
      expect(await child.exited).toBe(0);
      await reading;
      const after = out.split('\n').slice(7);
      expect(after.filter((line) => line.startsWith('app'))).toHaveLength(2);
    },
    MINUTE,
  );
});
