import { createClusterCertificates } from '../../lab/certificates.ts';
import { kubeconfig } from '../../lab/kubeconfig.ts';
import { type ActContext, between } from './act.ts';
import { createTenant } from './tenant.ts';

/** The API server of a leaf cluster that accepts Turnpike's credentials and then answers as an act asks. */

export interface LeafAnswers {
  /** Answers a list of HelmReleases; `continued`: not the first page. */
  readonly list: (continued: boolean, signal: AbortSignal) => Response | Promise<Response>;
  /** Answers a read of a single one, and watches; default: as a list. */
  readonly read?: () => Response | Promise<Response>;
  /** Each of which is a cluster for Turnpike; default: one. */
  readonly kubeconfigs?: number;
}

const GROUP = { versions: [{ version: 'v2' }] };
const RESOURCES = { resources: [{ name: 'helmreleases', kind: 'HelmRelease', namespaced: true }] };

export async function actAsLeaf(context: ActContext, answers: LeafAnswers): Promise<void> {
  const { random } = context;
  const { list, read, kubeconfigs = 1 } = answers;
  const { ca, apiserver } = await createClusterCertificates();
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 255,
    tls: { cert: apiserver.cert, key: apiserver.key },
    fetch(request) {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === '/version') return Response.json({ major: '1', minor: '36' });
      if (/^\/apis\/[^/]+$/.test(pathname)) return Response.json(GROUP);
      if (/^\/apis\/[^/]+\/[^/]+$/.test(pathname)) return Response.json(RESOURCES);
      context.reached();
      if (searchParams.has('limit')) return list(searchParams.has('continue'), request.signal);
      return (read ?? (() => list(false, request.signal)))();
    },
  });
  const cluster = { server: `https://127.0.0.1:${server.port}`, ca };
  const secrets = Array.from({ length: kubeconfigs }, (_, index) => {
    const user = { name: 'turnpike', credentials: { token: `mallory-${index}` } };
    return [`leaf-${index}`, { kubeconfig: kubeconfig(cluster, user) }] as const;
  });
  const targets = Array.from({ length: Math.max(kubeconfigs, between(random, 10, 50)) }, (_, index) => ({
    namespace: `leaf-${index}`,
    clusterRef: { kind: 'Secret', name: `leaf-${index % kubeconfigs}` },
  }));
  const tenant = await createTenant(context, {
    label: 'leaf',
    pipelines: between(random, 1, 4),
    targets,
    secrets: Object.fromEntries(secrets),
  });
  await tenant.promote(between(random, 500, 2000));
  await tenant.leave();
  await server.stop(true);
}

/** One HelmRelease with a message of this many bytes. */
export function leafItem(name: string, bytes: number): object {
  return {
    metadata: { name, namespace: 'leaf-0', resourceVersion: '1', generation: 1 },
    status: { conditions: [{ type: 'Ready', status: 'True', message: 'x'.repeat(bytes) }] },
  };
}
