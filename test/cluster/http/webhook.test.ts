import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join, relative, resolve } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { type Fields, pipelineObject, specOf } from '../../fixtures/pipelines/cases.ts';
import { type Lab, startLab } from '../../lab/lab.ts';
import { freePort } from '../../lab/ports.ts';
import { installTurnpike, TURNPIKE_NAMESPACE } from '../../lab/turnpike.ts';
import { waitUntil } from '../../lab/wait.ts';
import { waitForDefinition } from '../pipelines.ts';

const ROOT = join(import.meta.dir, '../../..');
const MINUTE = 60_000;

/** A lab of its own, with Turnpike installed but not started: whatever its webhook is asked about is refused. */
let lab: Lab;

beforeAll(async () => {
  lab = await startLab();
  await installTurnpike(lab, await freePort());
  await waitForDefinition(lab);
  await lab.kubectl(['create', 'namespace', 'demo']);
  await waitUntil('the webhook to be asked', async () => isRefused(await create('demo')), { seconds: 30 });
}, MINUTE);

afterAll(() => lab?.stop(), MINUTE);

function isRefused({ stderr }: { stderr: string }): boolean {
  return stderr.includes('failed calling webhook "validate.pipelines.weave.works"');
}

async function create(namespace: string, change: Fields = {}, ...args: string[]) {
  const object = pipelineObject(await specOf(), 'tried');
  const input = JSON.stringify({ ...object, ...change, metadata: { name: 'tried', namespace } });
  return await lab.tryKubectl(['create', '--dry-run=server', ...args, '-f', '-'], { input });
}

describe('the admission webhook is', () => {
  test.each(['kube-system', TURNPIKE_NAMESPACE])(
    'not asked about the namespace %s',
    async (namespace) => {
      expect(await create(namespace)).toMatchObject({ code: 0 });
    },
    MINUTE,
  );

  test(
    'asked about a Pipeline in another version too',
    async () => {
      const crd = 'crd/pipelines.pipelines.weave.works';
      const { spec } = (await lab.get([crd])) as { spec: { versions: Fields[] } };
      const added = { ...spec.versions[0], name: 'v1beta1', storage: false };
      const patch = JSON.stringify([{ op: 'add', path: '/spec/versions/-', value: added }]);
      await lab.kubectl(['patch', crd, '--type=json', '-p', patch]);
      const isAsked = async () =>
        isRefused(await create('demo', { apiVersion: 'pipelines.weave.works/v1beta1' }));
      await waitUntil('the webhook to be asked', isAsked, { seconds: 30 });
    },
    MINUTE,
  );
});

type Objects = Readonly<Record<string, Fields>>;

/** What a kustomization over another one builds, by `<kind>/<name>`. */
async function build(
  name: string,
  { components = [], ...settings }: { components?: string[]; namespace?: string; replacements?: object[] },
  base = 'kustomize/default',
): Promise<Objects> {
  const directory = join(lab.directory, 'overlays', name);
  const fromThere = (path: string) => relative(directory, resolve(ROOT, path));
  const kustomization = {
    ...settings,
    resources: [fromThere(base)],
    components: components.map(fromThere),
  };
  await Bun.write(join(directory, 'kustomization.yaml'), stringify(kustomization));
  const documents = parseAllDocuments(await lab.kubectl(['kustomize', directory]));
  const objects = documents.map((document) => document.toJS() as Fields & { metadata: { name: string } });
  return Object.fromEntries(objects.map((object) => [`${object.kind}/${object.metadata.name}`, object]));
}

const CERT_MANAGER = { components: ['kustomize/components/cert-manager'] };
const WEBHOOK = 'ValidatingWebhookConfiguration/turnpike';
describe('kustomize', () => {
  test(
    'leaves out our namespace under the name that an overlay gives it',
    async () => {
      const plain = await build('plain', { namespace: 'elsewhere' });
      expect(plain[WEBHOOK]).toMatchObject({
        webhooks: [{ namespaceSelector: { matchExpressions: [{ values: ['kube-system', 'elsewhere'] }] } }],
      });
      expect(JSON.stringify(plain)).not.toContain(TURNPIKE_NAMESPACE);
    },
    MINUTE,
  );

  test.each(['turnpike-system', 'elsewhere'])(
    'has cert-manager make the certificate in the namespace %s',
    async (namespace) => {
      const inner = join(lab.directory, 'overlays', 'inner');
      await build('inner', { namespace });
      const objects = await build('cert-manager', CERT_MANAGER, inner);
      expect(objects['Certificate/turnpike-admission']).toMatchObject({
        metadata: { namespace },
        spec: {
          secretName: 'turnpike-admission-tls',
          dnsNames: [
            `turnpike-admission.${namespace}.svc`,
            `turnpike-admission.${namespace}.svc.cluster.local`,
          ],
          privateKey: { algorithm: 'ECDSA', size: 256 },
          issuerRef: { kind: 'Issuer', name: 'turnpike-admission' },
        },
      });
      expect(objects['Issuer/turnpike-admission']).toMatchObject({
        metadata: { namespace },
        spec: { ca: { secretName: 'turnpike-admission-authority' } },
      });
      expect(objects['Issuer/turnpike-self-signed']).toMatchObject({ spec: { selfSigned: {} } });
      expect(objects[WEBHOOK]).toMatchObject({
        metadata: { annotations: { 'cert-manager.io/inject-ca-from': `${namespace}/turnpike-admission` } },
      });
    },
    MINUTE,
  );

  test(
    'gives the controller those files, and neither a Secret of its own nor rights for it',
    async () => {
      const own = await build('own', {});
      const objects = await build('files', CERT_MANAGER);
      const pod = (from: Objects) => {
        const { spec } = from['Deployment/turnpike'] as { spec: { template: { spec: PodSpec } } };
        return spec.template.spec;
      };
      const [container, before] = [pod(objects).containers[0], pod(own).containers[0]];
      const [directory, name] = ['/etc/turnpike/admission', 'admission-certificate'];
      expect(container?.args).toEqual([...(before?.args ?? []), `--admission-cert-dir=${directory}`]);
      expect(container?.volumeMounts).toContainEqual({ name, mountPath: directory, readOnly: true });
      const secret = { secretName: 'turnpike-admission-tls', defaultMode: 0o440 };
      expect(pod(objects).volumes).toContainEqual({ name, secret });
      expect(pod(objects).volumes.length).toBe(pod(own).volumes.length + 1);

      const added = Object.keys(objects).filter((key) => !(key in own));
      expect(added.sort()).toEqual([
        'Certificate/turnpike-admission',
        'Certificate/turnpike-admission-authority',
        'Issuer/turnpike-admission',
        'Issuer/turnpike-self-signed',
      ]);
      const removed = Object.keys(own).filter((key) => !(key in objects));
      expect(removed.sort()).toEqual([
        'ClusterRole/turnpike-certificates',
        'ClusterRoleBinding/turnpike-certificates',
        'Role/turnpike-certificates',
        'RoleBinding/turnpike-certificates',
        'Secret/turnpike-admission-certificate',
      ]);
      const rules = JSON.stringify(Object.values(objects).filter(({ kind }) => /Role$/.test(String(kind))));
      expect(rules).not.toContain('turnpike-admission-certificate');
      expect(rules).not.toContain('validatingwebhookconfigurations');
      expect(rules).toContain('leases');
    },
    MINUTE,
  );
});

interface PodSpec {
  readonly containers: readonly { readonly args: string[]; readonly volumeMounts: unknown[] }[];
  readonly volumes: readonly unknown[];
}
