import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyPair } from './certificates.ts';
import { type CommandResult, lastLines, run } from './command.ts';
import { kubeconfig } from './kubeconfig.ts';

export interface KubernetesConnection {
  /** The lab's directory. */
  readonly directory: string;
  /** `https://127.0.0.1:<port>` */
  readonly server: string;
  /** PEM */
  readonly ca: string;
  readonly admin: KeyPair;
}

export interface KubectlOptions {
  /** Standard input, for `-f -`. */
  readonly input?: string;
  /** Another kubeconfig than the administrator's. */
  readonly kubeconfig?: string;
}

export interface Kubernetes extends KubernetesConnection {
  /** Path of a kubeconfig with all rights. */
  readonly kubeconfig: string;
  /** Runs kubectl to its end, whatever comes of it. */
  tryKubectl(args: readonly string[], options?: KubectlOptions): Promise<CommandResult>;
  /** Runs kubectl and returns its output; a failure throws with what it said. */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<string>;
  /** `kubectl get … -o json`, parsed. */
  get(args: readonly string[]): Promise<unknown>;
  /** `kubectl apply -f -` with a manifest's text or objects; returns what kubectl printed. */
  apply(manifests: string | readonly object[]): Promise<string>;
  /** A request to the API server with all rights; a body is sent as JSON. */
  request(method: string, path: string, body?: unknown): Promise<Response>;
  /**
   * Path of a kubeconfig that carries a token of this ServiceAccount in a file (`tokenFile`): a program
   * that runs with it has the ServiceAccount's rights and no others. The ServiceAccount must exist.
   */
  serviceAccountKubeconfig(namespace: string, name: string): Promise<string>;
}

/** Longer than any lab is left running, in seconds. */
const TOKEN_LIFETIME = 7 * 24 * 3600;

export function createKubernetes(connection: KubernetesConnection): Kubernetes {
  const { directory, server, ca, admin } = connection;
  const adminKubeconfig = join(directory, 'kubeconfig');
  // kubectl keeps what it discovered by server address; a later lab may get the same port.
  const cache = join(directory, 'kubectl-cache');

  function tryKubectl(args: readonly string[], options: KubectlOptions = {}): Promise<CommandResult> {
    const as = options.kubeconfig ?? adminKubeconfig;
    const argv = ['kubectl', `--kubeconfig=${as}`, `--cache-dir=${cache}`, ...args];
    return run(argv, options.input === undefined ? {} : { input: options.input });
  }

  async function kubectl(args: readonly string[], options: KubectlOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await tryKubectl(args, options);
    if (code === 0) return stdout;
    throw new Error(`"kubectl ${args.join(' ')}" failed:\n${lastLines(`${stdout}\n${stderr}`, 20)}`);
  }

  function request(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${server}${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      tls: { ca, cert: admin.cert, key: admin.key },
    });
  }

  async function serviceAccountToken(namespace: string, name: string): Promise<string> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
    const answer = await request('POST', path, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: TOKEN_LIFETIME },
    });
    if (!answer.ok) {
      throw new Error(`no token for ServiceAccount ${namespace}/${name}: ${await answer.text()}`);
    }
    const { status } = (await answer.json()) as { status: { token: string } };
    return status.token;
  }

  async function serviceAccountKubeconfig(namespace: string, name: string): Promise<string> {
    const home = join(directory, 'serviceaccounts', `${namespace}.${name}`);
    await mkdir(home, { recursive: true });
    const tokenFile = join(home, 'token');
    await writeFile(tokenFile, await serviceAccountToken(namespace, name), { mode: 0o600 });
    const file = join(home, 'kubeconfig');
    const user = { name, credentials: { tokenFile }, namespace };
    await writeFile(file, kubeconfig({ server, ca }, user), { mode: 0o600 });
    return file;
  }

  return {
    ...connection,
    kubeconfig: adminKubeconfig,
    tryKubectl,
    kubectl,
    request,
    serviceAccountKubeconfig,
    get: async (args) => JSON.parse(await kubectl(['get', ...args, '-o', 'json'])),
    apply: (manifests) => kubectl(['apply', '-f', '-'], { input: toManifest(manifests) }),
  };
}

/** Connects to a control plane that runs already in a lab's directory. */
export async function connectKubernetes(directory: string, server: string): Promise<Kubernetes> {
  const read = (file: string) => readFile(join(directory, 'pki', file), 'utf8');
  const [ca, cert, key] = await Promise.all([read('ca.crt'), read('admin.crt'), read('admin.key')]);
  return createKubernetes({ directory, server, ca, admin: { cert, key } });
}

function toManifest(manifests: string | readonly object[]): string {
  if (typeof manifests === 'string') return manifests;
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests });
}
