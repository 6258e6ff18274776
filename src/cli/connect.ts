import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createKubeClient, type KubeClient, loadKubeConfig } from '../lib/kube/index.ts';
import { createProxyFor } from '../lib/net/index.ts';
import { type Flags, text } from './flags.ts';
import { proxyVariables } from './serve/flags.ts';

/** Flags of the commands that talk to a cluster as the user's kubeconfig says. */
export const CLUSTER_FLAGS = {
  kubeconfig: {
    default: '',
    help: "Path of a kubeconfig; KUBECONFIG, then ~/.kube/config, then the pod's ServiceAccount, when empty.",
    parse: text,
  },
  context: { default: '', help: 'Context of the kubeconfig; its current one when empty.', parse: text },
} as const satisfies Flags;

export interface ClusterOptions {
  readonly kubeconfig: string;
  readonly context: string;
}

/**
 * The API server, as kubectl would reach it, the environment's proxies included.
 * @throws TurnpikeError ConfigInvalid
 */
export function connect(
  { kubeconfig, context }: ClusterOptions,
  environment: Readonly<Record<string, string | undefined>>,
): KubeClient {
  const own = join(environment.HOME ?? '', '.kube', 'config');
  const found = kubeconfig || environment.KUBECONFIG || (existsSync(own) ? own : '');
  const proxyFor = createProxyFor(proxyVariables(environment));
  return createKubeClient(loadKubeConfig({ kubeconfig: found, context }), { proxyFor });
}
