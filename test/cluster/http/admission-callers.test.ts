import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { pipelineObject, specOf } from '../../fixtures/pipelines/cases.ts';
import { createClientCertificate, type KeyPair } from '../../lab/certificates.ts';
import { runOrThrow } from '../../lab/command.ts';
import { type Lab, startLab } from '../../lab/lab.ts';
import { freePort } from '../../lab/ports.ts';
import { installTurnpike, serveTurnpike } from '../../lab/turnpike.ts';
import { waitUntil } from '../../lab/wait.ts';
import { waitForDefinition } from '../pipelines.ts';

/** The files and flags of docs/admission.md: an API server that shows Turnpike a client certificate. */

const MINUTE = 60_000;
const directory = await mkdtemp(join(tmpdir(), 'turnpike-callers-'));
const file = (name: string) => join(directory, name);
const admissionPort = await freePort();
const next = await createClientCertificate('next');
/** The authority that the page makes, and the API server's certificate. */
let known: { readonly ca: string; readonly client: KeyPair };

/** A lab of its own: its API server has a certificate for this one webhook. */
let lab: Lab;

beforeAll(async () => {
  await prepare();
  const apiserverFlags = [`--admission-control-config-file=${file('admission.yaml')}`];
  lab = await startLab({ definitions: true, apiserverFlags });
  await installTurnpike(lab, admissionPort);
  await waitForDefinition(lab);
  const flags = { 'admission-client-ca': file('callers.crt') };
  await serveTurnpike(lab, admissionPort, { flags });
  await lab.kubectl(['create', 'namespace', 'demo']);
}, 3 * MINUTE);

afterAll(async () => {
  await lab?.stop();
  await rm(directory, { recursive: true });
}, MINUTE);

/** The code blocks of the page, by the line that each begins with. */
async function blocks(): Promise<Map<string, string>> {
  const page = await Bun.file(join(import.meta.dir, '../../../docs/admission.md')).text();
  const found = [...page.matchAll(/^```(?:sh|yaml)\n((.*)\n[\s\S]*?)^```$/gm)];
  return new Map(found.map(([, text = '', first = '']) => [first, text]));
}

function blockOf(all: ReadonlyMap<string, string>, beginning: string): string {
  for (const [first, text] of all) if (first.startsWith(beginning)) return text;
  throw new Error(`docs/admission.md has no block that begins with ${beginning}`);
}

/** What the page says to put there, for this directory and a webhook that is called by URL. */
async function prepare(): Promise<void> {
  const all = await blocks();
  await runOrThrow(['sh', '-ec', blockOf(all, 'openssl req -x509')], { cwd: directory });
  for (const name of ['admission.yaml', 'webhooks.kubeconfig']) {
    const text = blockOf(all, `# ${name}`)
      .replaceAll('/etc/kubernetes/turnpike', directory)
      .replaceAll('turnpike-admission.turnpike-system.svc', `127.0.0.1:${admissionPort}`);
    await writeFile(file(name), text);
  }
  known = {
    ca: await readFile(file('callers.crt'), 'utf8'),
    client: {
      cert: await readFile(file('webhooks.crt'), 'utf8'),
      key: await readFile(file('webhooks.key'), 'utf8'),
    },
  };
}

async function kubectl(...args: string[]) {
  const input = JSON.stringify(pipelineObject(await specOf()));
  return await lab.tryKubectl([...args, '-f', '-'], { input });
}

const apply = () => kubectl('apply');

/** The status of the answer to a review by this caller, or `refused`. */
async function callAs(client?: KeyPair): Promise<number | 'refused'> {
  const tls = { rejectUnauthorized: false, ...client };
  const url = `https://127.0.0.1:${admissionPort}/validate`;
  const headers = { connection: 'close' };
  return fetch(url, { method: 'POST', body: '{}', headers, tls }).then(
    ({ status }) => status,
    () => 'refused' as const,
  );
}

describe('a webhook that wants certificates of its callers', () => {
  test(
    'is asked by the API server, and says what it has to say',
    async () => {
      await waitUntil('a denial', async () => (await apply()).stderr.includes('denied the request'), {
        seconds: 30,
      });
      expect((await apply()).stderr).toContain('Secret demo/events does not exist');
    },
    MINUTE,
  );

  test(
    'tells a user who may not get Secrets nothing of them',
    async () => {
      const binding = ['--clusterrole=turnpike-edit', '--user=writer', '-n', 'demo'];
      await lab.kubectl(['create', 'rolebinding', 'writer', ...binding]);
      const { code, stderr } = await kubectl('create', '--as=writer', '--dry-run=server');
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: expect.stringContaining('Secret demo/events was not checked: you may not get it.'),
      });
    },
    MINUTE,
  );

  test(
    'answers nobody else',
    async () => {
      expect(await callAs()).toBe('refused');
      expect(await callAs(next.client)).toBe('refused');
      expect(await callAs(known.client)).toBe(400);
    },
    MINUTE,
  );

  test(
    'trusts another authority once that is in the file, also beside the one before',
    async () => {
      await writeFile(file('callers.crt'), `${known.ca}\n${next.ca}\n`);
      await waitUntil('the new authority', async () => (await callAs(next.client)) === 400, { seconds: 20 });
      expect(await callAs(known.client)).toBe(400);
      await writeFile(file('callers.crt'), next.ca);
      const isRefused = async () => (await callAs(known.client)) === 'refused';
      await waitUntil('the old authority to go', isRefused, { seconds: 20 });
      await writeFile(file('callers.crt'), known.ca);
      await waitUntil('the old authority again', async () => (await callAs(known.client)) === 400, {
        seconds: 20,
      });
    },
    MINUTE,
  );

  test(
    'is not reached by an API server without a certificate, and kubectl says so',
    async () => {
      const url = `https://localhost:${admissionPort}/validate`;
      const patch = JSON.stringify([{ op: 'replace', path: '/webhooks/0/clientConfig/url', value: url }]);
      await lab.kubectl(['patch', 'validatingwebhookconfiguration/turnpike', '--type=json', '-p', patch]);
      const isRefused = async () => (await apply()).stderr.includes('tls: certificate required');
      await waitUntil('the handshake to fail', isRefused, { seconds: 30 });
      const { code, stderr } = await apply();
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringContaining('failed calling webhook "validate.pipelines.weave.works"'),
      });
    },
    MINUTE,
  );
});

test('the overlay of docs/admission.md gives the Deployment the flag and the file', async () => {
  const overlay = join(lab.directory, 'callers-overlay');
  await mkdir(overlay);
  const text = blockOf(await blocks(), '# kustomization.yaml');
  const base = relative(await realpath(overlay), join(import.meta.dir, '../../../kustomize/default'));
  await writeFile(join(overlay, 'kustomization.yaml'), text.replace('turnpike/kustomize/default', base));
  const built = parseAllDocuments(await lab.kubectl(['kustomize', overlay])).map((one) => one.toJS());
  const name = 'admission-callers';
  expect(built.find(({ kind }) => kind === 'Deployment')).toMatchObject({
    spec: {
      template: {
        spec: {
          containers: [
            {
              args: expect.arrayContaining(['--admission-client-ca=/etc/turnpike/callers/callers.crt']),
              volumeMounts: expect.arrayContaining([
                { name, mountPath: '/etc/turnpike/callers', readOnly: true },
              ]),
            },
          ],
          volumes: expect.arrayContaining([{ name, configMap: { name: 'turnpike-admission-callers' } }]),
        },
      },
    },
  });
});
