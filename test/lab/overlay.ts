import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { stringify } from 'yaml';

const KUSTOMIZE = join(import.meta.dir, '..', '..', 'kustomize');

export interface LabOverlay {
  /** The address of the process's admission server: `https://127.0.0.1:<port>`; the path is added. */
  readonly admissionUrl: string;
  /** Folder of `kustomize`; default: `default`. */
  readonly of?: string;
}

/**
 * Writes a kustomization into `directory` (made if need be) and returns that directory, for
 * `kubectl apply -k`. It is a folder of `kustomize` but for one thing: no kubelet routes Services in a lab, so
 * the webhook configuration calls the process by URL. It may be written and applied again with another URL.
 */
export async function labOverlay(
  directory: string,
  { admissionUrl, of = 'default' }: LabOverlay,
): Promise<string> {
  await mkdir(directory, { recursive: true });
  const [from, to] = await Promise.all([realpath(directory), realpath(join(KUSTOMIZE, of))]);
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    // kustomize takes folders outside its own by relative path alone.
    resources: [relative(from, to)],
    patches: [
      {
        target: { kind: 'ValidatingWebhookConfiguration', name: 'turnpike' },
        patch: stringify([
          { op: 'remove', path: '/webhooks/0/clientConfig/service' },
          {
            op: 'add',
            path: '/webhooks/0/clientConfig/url',
            value: new URL('/validate', admissionUrl).href,
          },
        ]),
      },
    ],
  };
  await writeFile(join(from, 'kustomization.yaml'), stringify(kustomization));
  return from;
}
