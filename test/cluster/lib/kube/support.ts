import { connect, createServer, type Socket } from 'node:net';
import { KubeConfig, type User } from '@kubernetes/client-node';
import { createKubeClient, type KubeClient } from '../../../../src/lib/kube/client/transport.ts';
import { loadKubeConfig } from '../../../../src/lib/kube/kubeconfig/load.ts';
import type { Lab } from '../../../lab/lab.ts';

/** A client with all rights in the lab. */
export function adminClient(lab: Lab): KubeClient {
  return createKubeClient(loadKubeConfig({ kubeconfig: lab.kubeconfig }));
}

/** A configuration by hand; certificates are not asked for on `http`. */
export function kubeConfigTo(server: string, user: User, ca?: string): KubeConfig {
  const kubeConfig = new KubeConfig();
  const trust = ca === undefined ? {} : { caData: Buffer.from(ca).toString('base64') };
  kubeConfig.loadFromClusterAndUser(
    { name: 'c', server, skipTLSVerify: server.startsWith('http:'), ...trust },
    user,
  );
  return kubeConfig;
}

/** A namespace of its own; there is nobody in the lab who would finish its deletion. */
export async function newNamespace(client: KubeClient): Promise<string> {
  const name = `kube-${crypto.randomUUID().slice(0, 8)}`;
  await client.request({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } });
  return name;
}

/** A wire to the API server that can be cut, or go dead without anybody being told. */
export interface Wire extends AsyncDisposable {
  readonly port: number;
  cut(): void;
  /** Bytes are kept back in both directions; the connections stay. */
  mute(): void;
  restore(): void;
}

export async function createWire(toPort: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  let isCut = false;
  let isMuted = false;

  const server = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect({ host: '127.0.0.1', port: toPort });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('data', (bytes) => isMuted || other.write(bytes));
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    cut,
    mute: () => {
      isMuted = true;
    },
    restore: () => {
      isCut = false;
      isMuted = false;
    },
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
