import type { PipelineKey } from '../../api/pipeline.ts';
import { createMetricsApp, createProbes } from '../../http/probes.ts';
import { FEW_CONNECTIONS } from '../../http/server/connections.ts';
import { createIntake } from '../../http/server/intake.ts';
import { type ServerOptions, startServer } from '../../http/server/server.ts';
import { createTrustedProxies } from '../../http/server/source.ts';
import { createRateLimiter } from '../../http/signed/rate.ts';
import { createRechecks } from '../../http/signed/rechecks.ts';
import { createRejectionLog } from '../../http/signed/rejections.ts';
import type { SecretRead } from '../../http/signed/secrets.ts';
import { createSignedApp } from '../../http/signed-app.ts';
import { waitForPullRequest } from '../../http/wait.ts';
import { createMetricsReaders, fileCertificates } from '../../lib/kube/index.ts';
import { createRecordStatus, type OnWritten } from '../../reconcile/record.ts';
import { type CertifiedServer, startCertified } from './certified.ts';
import { createLook } from './look.ts';
import { observeCertificate } from './measure.ts';
import type { Parts } from './program.ts';

export interface ServersDeps {
  readonly wake: (key: PipelineKey) => void;
  readonly onWritten: OnWritten;
  /** What is not ready, a sentence each. */
  readonly unready: () => readonly string[];
  readonly admissionProblems: () => readonly string[];
}

/** Starts all listeners but the admission webhook's: the promotion webhook, metrics and probes. */
export function startServers(parts: Parts, { wake, onWritten, unready, admissionProblems }: ServersDeps) {
  const { config, log, metrics } = parts;
  let draining = false;
  const hook = startHook(parts, createSignedApp(signedDeps(parts, { wake, onWritten })).fetch);
  const reasons = () => (draining ? ['It is stopping.'] : [...unready(), ...hook.problems()]);
  const probes = createProbes({ unready: reasons, admission: admissionProblems, log });
  const metricsApp = createMetricsApp(metrics.registry, log, metricsReaders(parts));
  const few = { connections: FEW_CONNECTIONS, log };
  const servers = [
    hook,
    startServer({
      ...few,
      name: 'probes',
      address: config['health-probe-bind-address'],
      fetch: probes.fetch,
    }),
    startServer({
      ...few,
      name: 'metrics',
      address: config['metrics-bind-address'],
      fetch: metricsApp.fetch,
    }),
  ];
  return {
    /** From here on `/readyz` says no, so that nobody new is sent here. */
    drain() {
      draining = true;
    },
    async stop(deadlineSeconds: number): Promise<void> {
      await Promise.all(servers.map((server) => server.stop(deadlineSeconds)));
    },
  };
}

/** Undefined: anybody may read. */
function metricsReaders({ config, client, log }: Parts) {
  if (!config['metrics-authentication']) return undefined;
  return createMetricsReaders(client, { log, elapsed: () => performance.now() });
}

/** The webhooks for events, approvals and forges: by TLS where there is a directory with a certificate. */
function startHook({ config, log, metrics }: Parts, fetch: ServerOptions['fetch']): CertifiedServer {
  const directory = config['promotion-hook-cert-dir'];
  const proxies = createTrustedProxies(config['trusted-proxies']);
  const options = { name: 'hook', address: config['promotion-hook-bind-address'], fetch, proxies, log };
  if (!directory) return { ...startServer(options), problems: () => [] };
  return startCertified({
    what: 'promotion webhook',
    certificates: () => fileCertificates(directory, { name: 'hook', log }),
    start: (certificate) => startServer({ ...options, certificate }),
    onCertificate: (certificate) => observeCertificate(metrics, 'hook', certificate),
    log,
  });
}

function signedDeps(parts: Parts, { wake, onWritten }: Pick<ServersDeps, 'wake' | 'onWritten'>) {
  const { config, log, metrics, store, client, secretCache, keyReads, now } = parts;
  const clock = () => performance.now();
  return {
    find: store.get,
    readSecret: secretCache.read,
    rechecks: createRechecks<readonly SecretRead[]>({
      now: clock,
      sleep: Bun.sleep,
      random: Math.random,
      reads: keyReads.recent,
    }),
    available: () => client.available() && store.synced(),
    intake: createIntake(),
    limiter: createRateLimiter(
      {
        limit: config['promotion-hook-rate-limit'],
        intervalSeconds: config['promotion-hook-rate-limit-interval'],
      },
      clock,
    ),
    rejected: createRejectionLog(log, clock),
    onOutcome: (outcome: string) => metrics.hookRequests.inc({ outcome }),
    onSeconds: (seconds: number) => metrics.hookSeconds.observe(seconds),
    allowUnsigned: config['allow-unsigned-events'],
    requireEventCluster: config['require-event-cluster'],
    record: createRecordStatus(store, onWritten),
    look: createLook(parts),
    pullRequest: (wanted: Parameters<typeof waitForPullRequest>[1]) =>
      waitForPullRequest({ find: store.get, subscribe: store.subscribe }, wanted),
    wake,
    log,
    now,
  };
}
