import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { binaryOf, type Installed } from './build/store.ts';
import { type ClusterCertificates, createClusterCertificates } from './certificates.ts';
import { GO_RUNTIME } from './environment.ts';
import { kubeconfig, toBase64 } from './kubeconfig.ts';
import { createKubernetes, type Kubernetes } from './kubernetes.ts';
import { freePort } from './ports.ts';
import { type SupervisedProcess, type Supervisor, waitForProcess } from './supervisor.ts';
import { waitUntil } from './wait.ts';

export const APISERVER = 'kube-apiserver';

/**
 * Starts etcd and kube-apiserver and waits until they are ready. There is no controller manager: nothing
 * finishes the deletion of a namespace, collects garbage, or fills aggregated ClusterRoles.
 */
export async function startControlPlane(
  supervisor: Supervisor,
  installed: Installed,
  flags: readonly string[] = [],
): Promise<Kubernetes> {
  const pki = join(supervisor.directory, 'pki');
  const socket = join(supervisor.directory, 'etcd.sock');
  const [port, certificates] = await Promise.all([
    freePort(),
    createClusterCertificates(),
    startEtcd(supervisor, installed, socket),
    mkdir(pki),
  ]);
  await writeFiles(pki, certificates);
  const kubernetes = createKubernetes({
    directory: supervisor.directory,
    server: `https://127.0.0.1:${port}`,
    ca: certificates.ca,
    admin: certificates.admin,
  });
  await writeFile(kubernetes.kubeconfig, adminKubeconfig(kubernetes.server, certificates), { mode: 0o600 });
  const apiserver = await supervisor.start(APISERVER, {
    argv: [binaryOf(installed, 'kube-apiserver'), ...apiserverFlags({ port, pki, socket }), ...flags],
    env: GO_RUNTIME,
  });
  await waitForApiserver(apiserver, kubernetes);
  return kubernetes;
}

/** Waits until /readyz answers ok. */
export function waitForApiserver(apiserver: SupervisedProcess, kubernetes: Kubernetes): Promise<void> {
  const ready = () =>
    kubernetes.request('GET', '/readyz').then(
      (answer) => answer.status === 200,
      () => false,
    );
  return waitForProcess(apiserver, ready, 60);
}

/** Starts etcd on Unix sockets only: they need no ports, and no other user of the machine can open them. */
async function startEtcd(supervisor: Supervisor, installed: Installed, socket: string): Promise<void> {
  const peer = `unix://${join(supervisor.directory, 'peer.sock')}`;
  await supervisor.start('etcd', {
    argv: [
      binaryOf(installed, 'etcd'),
      ...['--name', 'lab', '--data-dir', join(supervisor.directory, 'etcd'), '--unsafe-no-fsync'],
      ...['--listen-client-urls', `unix://${socket}`, '--advertise-client-urls', `unix://${socket}`],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
      ...['--initial-cluster', `lab=${peer}`, '--log-level', 'warn'],
    ],
    env: GO_RUNTIME,
  });
  await waitUntil('etcd to listen', () => existsSync(socket), { seconds: 30, everyMs: 10 });
}

function apiserverFlags({ port, pki, socket }: { port: number; pki: string; socket: string }): string[] {
  return [
    `--etcd-servers=unix://${socket}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--tls-cert-file=${join(pki, 'apiserver.crt')}`,
    `--tls-private-key-file=${join(pki, 'apiserver.key')}`,
    `--client-ca-file=${join(pki, 'ca.crt')}`,
    `--service-account-key-file=${join(pki, 'serviceaccount.pub')}`,
    `--service-account-signing-key-file=${join(pki, 'serviceaccount.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--authorization-mode=RBAC',
    // This plugin would refuse pods until someone makes each namespace's default ServiceAccount.
    '--disable-admission-plugins=ServiceAccount',
  ];
}

async function writeFiles(pki: string, certificates: ClusterCertificates): Promise<void> {
  const files = {
    'ca.crt': certificates.ca,
    'apiserver.crt': certificates.apiserver.cert,
    'apiserver.key': certificates.apiserver.key,
    'admin.crt': certificates.admin.cert,
    'admin.key': certificates.admin.key,
    'serviceaccount.key': certificates.serviceAccount.privateKey,
    'serviceaccount.pub': certificates.serviceAccount.publicKey,
  };
  await Promise.all(
    Object.entries(files).map(([name, text]) => writeFile(join(pki, name), text, { mode: 0o600 })),
  );
}

function adminKubeconfig(server: string, { ca, admin }: ClusterCertificates): string {
  const credentials = {
    'client-certificate-data': toBase64(admin.cert),
    'client-key-data': toBase64(admin.key),
  };
  return kubeconfig({ server, ca }, { name: 'admin', credentials });
}
