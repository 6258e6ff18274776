import type { PipelineKey } from '../../api/pipeline.ts';
import type { SpecPolicy } from '../../decide/validation.ts';
import { createMetricsApp, createProbes } from '../../http/probes.ts';
import { FEW_CONNECTIONS } from '../../http/server/connections.ts';
import { createIntake } from '../../http/server/intake.ts';
import { type ServerOptions, startServer } from '../../http/server/server.ts';
import { createTrustedProxies } from '../../http/server/source.ts';
import { createRateLimiter } from '../../http/signed/rate.ts';
import { createRechecks } from '../../http/signed/rechecks.ts';
import { createRejectionLog } from '../../http/signed/rejection-log.ts';
import type { SecretRead } from '../../http/signed/secrets.ts';
import { createSignedApp } from '../../http/signed-app.ts';
import { waitForPullRequest } from '../../http/wait.ts';
import { createMetricsReaders, fileCertificates, type KubeClient } from '../../lib/kube/index.ts';
import type { ReadTimes } from '../../observe/secrets/read-times.ts';
import type { SecretCache } from '../../observe/secrets/secret-cache.ts';
import { createRecordStatus, type OnWritten } from '../../reconcile/record.ts';
import { type CertifiedServer, startCertified } from './certified.ts';
import type { Context } from './context.ts';
import { createLook } from './look.ts';
import { observeCertificate } from './measure.ts';
import type { Observed } from './observed.ts';

export interface ServersDeps {
  readonly client: KubeClient;
  readonly observed: Pick<Observed, 'store' | 'applications' | 'messagesOf'>;
  readonly policy: SpecPolicy;
  /** The keys that requests are signed with, and how long the last reads of them took. */
  readonly keys: { readonly read: SecretCache['read']; readonly recent: ReadTimes['recent'] };
  readonly wake: (key: PipelineKey) => void;
  readonly onWritten: OnWritten;
  /** The parts that are not ready, a sentence each. */
  readonly unready: () => readonly string[];
  readonly admissionProblems: () => readonly string[];
}

/** Starts all listeners but the admission webhook's: the promotion webhook, metrics and probes. */
export function startServers(context: Context, deps: ServersDeps) {
  const { config, log, metrics } = context;
  let draining = false;
  const hook = startHook(context, createSignedApp(signedDeps(context, deps)).fetch);
  const reasons = () => (draining ? ['It is stopping.'] : [...deps.unready(), ...hook.problems()]);
  const probes = createProbes({ unready: reasons, admission: deps.admissionProblems, log });
  const metricsApp = createMetricsApp(metrics.registry, log, metricsReaders(context, deps.client));
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
function metricsReaders({ config, log }: Context, client: KubeClient) {
  if (!config['metrics-authentication']) return undefined;
  return createMetricsReaders(client, { log, elapsed: () => performance.now() });
}

/** The webhooks for events, approvals and forges: by TLS where there is a directory with a certificate. */
function startHook({ config, log, metrics }: Context, fetch: ServerOptions['fetch']): CertifiedServer {
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

function signedDeps(context: Context, { client, observed, policy, keys, wake, onWritten }: ServersDeps) {
  const { config, log, metrics, now } = context;
  const { store, applications, messagesOf } = observed;
  const clock = () => performance.now();
  return {
    find: store.get,
    readSecret: keys.read,
    rechecks: createRechecks<readonly SecretRead[]>({
      now: clock,
      sleep: Bun.sleep,
      random: Math.random,
      reads: keys.recent,
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
    look: createLook({ applications, messagesOf, policy, log }),
    pullRequest: (wanted: Parameters<typeof waitForPullRequest>[1]) =>
      waitForPullRequest({ find: store.get, subscribe: store.subscribe }, wanted),
    wake,
    log,
    now,
  };
}
