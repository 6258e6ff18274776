import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { run } from '../../git/stage/run.ts';

/** What docs/installation.md names is what the manifests have, and what it has people write does what it says. */

const ROOT = join(import.meta.dir, '../../..');
const page = await Bun.file(join(ROOT, 'docs/installation.md')).text();

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  // biome-ignore lint/suspicious/noExplicitAny: of many kinds
  readonly [field: string]: any;
}

let directory: string;
beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'turnpike-installation-')));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** The overlay of the page that has this in it, built. */
async function built(part: string): Promise<readonly Manifest[]> {
  const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);
  const text = blocks.find((block) => block.includes(part)) ?? '';
  // kustomize takes folders outside its own by relative path alone.
  const there = relative(directory, await realpath(join(ROOT, 'kustomize/default')));
  await writeFile(join(directory, 'kustomization.yaml'), text.replace('turnpike/kustomize/default', there));
  const output = await run(['kubectl', 'kustomize', directory]);
  return parseAllDocuments(output).map((document) => document.toJS() as Manifest);
}

function one(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const found = manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  if (!found) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

function portsOf(container: Pick<Manifest, 'ports'>): number[] {
  const ports = container.ports as readonly { readonly containerPort: number }[];
  return ports.map(({ containerPort }) => containerPort).toSorted((a, b) => a - b);
}

describe('docs/installation.md', () => {
  test('names the webhook as the manifests have it', async () => {
    const { metadata, webhooks } = parse(await Bun.file(join(ROOT, 'manifests/webhook/webhook.yaml')).text());
    const [{ name, clientConfig, timeoutSeconds, failurePolicy }] = webhooks;
    const { service } = clientConfig;
    expect(failurePolicy).toBe('Fail');
    expect(page).toContain(`kubectl delete validatingwebhookconfiguration ${metadata.name}\n`);
    const url = `https://${service.name}.${service.namespace}.svc:${service.port}${service.path}?timeout=${timeoutSeconds}s`;
    expect(page).toContain(`failed calling webhook "${name}": failed to call webhook: Post "${url}": `);
    expect(page).toContain(`port ${service.port} of the Service \`${service.name}\``);
  });

  test('has the API server call the port that it names', async () => {
    const manifests = await built('--admission-bind-address=:10250');
    const [container] = one(manifests, 'Deployment', 'turnpike').spec.template.spec.containers;
    expect(container.args.at(-1)).toBe('--admission-bind-address=:10250');
    const [{ port, targetPort }] = one(manifests, 'Service', 'turnpike-admission').spec.ports;
    expect(port).toBe(443);
    const named = container.ports.find(({ name }: { name: string }) => name === targetPort);
    expect(named.containerPort).toBe(10250);
    expect(portsOf(container)).toEqual([8080, 8081, 8082, 10250]);
  });

  test('has the Pod on the network of its node, with the ports that it names', async () => {
    const pod = one(await built('hostNetwork'), 'Deployment', 'turnpike').spec.template.spec;
    expect(pod).toMatchObject({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' });
    expect(portsOf(pod.containers[0])).toEqual([8080, 8081, 8082, 9443]);
  });
});
