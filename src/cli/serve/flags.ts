import { parseRevisionPaths } from '../../decide/model/revision-path.ts';
import { parseAddress } from '../../http/server/bind.ts';
import { parseNetworks } from '../../http/server/source.ts';
import { parseLabelSelector } from '../../lib/kube/pure.ts';
import { LOG_LEVELS } from '../../telemetry/log.ts';
import {
  boolean,
  bytes,
  type Flags,
  list,
  oneOf,
  seconds,
  text,
  type Values,
  wholeNumber,
} from '../flags.ts';
import { POLICY_FLAGS } from '../policy-flags.ts';

/** The flags of `turnpike serve`. The first ones have the predecessor's names and defaults. */
export const SERVE_FLAGS = {
  'promotion-hook-bind-address': {
    default: ':8082',
    help: 'Where the promotion webhook listens.',
    parse: address,
  },
  'promotion-hook-cert-dir': {
    default: '',
    help: 'Directory with tls.crt and tls.key for the promotion webhook, re-read when they change; plain http without it.',
    parse: text,
  },
  'trusted-proxies': {
    default: '',
    help: 'Addresses and networks (comma-separated, such as 10.0.0.7,10.1.0.0/16) of ingresses whose X-Forwarded-For says who calls the promotion webhook.',
    parse: networks,
  },
  'metrics-bind-address': { default: ':8080', help: 'Where /metrics is served.', parse: address },
  'metrics-authentication': {
    default: 'false',
    help: 'Serve /metrics only to those who may get it, by TokenReview and SubjectAccessReview of their bearer token.',
    parse: boolean,
    switch: true,
  },
  'metrics-per-pipeline': {
    default: 'true',
    help: 'Give each Pipeline and environment series of its own; false adds them up, for very many Pipelines.',
    parse: boolean,
    switch: true,
  },
  'health-probe-bind-address': {
    default: ':8081',
    help: 'Where /healthz and /readyz are served.',
    parse: address,
  },
  'events-addr': {
    default: '',
    help: "Address of Flux's notification-controller for events; without it they go to Kubernetes only.",
    parse: text,
  },
  'leader-elect': {
    default: 'false',
    help: 'Let one of several replicas act, by a Lease.',
    parse: boolean,
    switch: true,
  },
  'promotion-hook-rate-limit': {
    default: '600',
    help: 'Requests to the webhook per source address and pipeline in each interval.',
    parse: wholeNumber(1),
  },
  'promotion-hook-rate-limit-interval': {
    default: '30s',
    help: 'The interval of the rate limit.',
    parse: positiveSeconds,
  },
  'promotion-retry-delay': {
    default: '2',
    help: 'Seconds before a failed promotion is tried again; doubled each time.',
    parse: positiveSeconds,
  },
  'promotion-retry-max-delay': {
    default: '20',
    help: 'Seconds that the delay grows to within the first attempts.',
    parse: positiveSeconds,
  },
  'promotion-retry-threshold': {
    default: '3',
    help: 'Attempts after which the Pipeline is no longer Ready; it is still retried, ever more rarely.',
    parse: wholeNumber(1),
  },
  'log-level': {
    default: 'info',
    help: 'One of trace, debug, info, warn, error.',
    parse: oneOf(...LOG_LEVELS),
  },
  'log-encoding': { default: 'json', help: 'json or console.', parse: oneOf('json', 'console') },
  'admission-bind-address': {
    default: ':9443',
    help: 'Where the admission webhook listens; empty turns it off.',
    parse: optionalAddress,
  },
  'admission-cert-dir': {
    default: '',
    help: 'Directory with tls.crt and tls.key, re-read when they change; without it they are self-made.',
    parse: text,
  },
  'admission-client-ca': {
    default: '',
    help: 'File with certificate authorities, re-read when it changes: callers of the admission webhook must show a certificate of one of them.',
    parse: text,
  },
  'admission-secret': {
    default: 'turnpike-admission-certificate',
    help: 'Secret that holds the self-made certificates, in our own namespace.',
    parse: text,
  },
  'admission-webhook-configuration': {
    default: 'turnpike',
    help: 'ValidatingWebhookConfiguration that the certificate authority is written to.',
    parse: text,
  },
  'dashboard-bind-address': {
    default: '',
    help: 'Reserved: this version has no dashboard.',
    parse: optionalAddress,
  },
  'watch-namespace': {
    default: '',
    help: 'Know only Pipelines of this namespace; all when empty.',
    parse: text,
  },
  'watch-label-selector': {
    default: '',
    help: 'Act only on Pipelines with these labels, as one of several shards; events of all are taken. All when empty.',
    parse: parseLabelSelector,
  },
  'resync-interval': {
    default: '10m',
    help: 'How often each Pipeline is reconciled without any event.',
    parse: positiveSeconds,
  },
  'revision-paths': {
    default: '',
    help: "Where kinds other than Flux's have the revision that runs: KIND.GROUP=PATH, comma-separated, such as Service.serving.knative.dev=.status.latestReadyRevisionName; steps are .field, [0] and [name=app].",
    parse: parseRevisionPaths,
  },
  'no-cross-namespace-refs': POLICY_FLAGS['no-cross-namespace-refs'],
  concurrent: {
    default: '4',
    help: 'Promotions of one namespace carried out at once; four times as many for one Git host, sixteen times in all.',
    parse: wholeNumber(1),
  },
  'allow-unsigned-events': {
    default: 'false',
    help: 'Accept unsigned events for pipelines without secretRef. Anyone who reaches the webhook can promote.',
    parse: boolean,
    switch: true,
  },
  'require-event-cluster': {
    default: 'false',
    help: "Refuse events (422) that fit targets on several clusters and do not name theirs in eventMetadata.cluster of Flux's Alert.",
    parse: boolean,
    switch: true,
  },
  'git-hosts': POLICY_FLAGS['git-hosts'],
  'insecure-git-hosts': POLICY_FLAGS['insecure-git-hosts'],
  'cluster-hosts': POLICY_FLAGS['cluster-hosts'],
  'require-allowed-hosts': POLICY_FLAGS['require-allowed-hosts'],
  'git-cache-dir': {
    default: '',
    help: 'Where repositories are kept; the temporary directory when empty.',
    parse: text,
  },
  'git-cache-max-size': { default: '2GiB', help: 'How large they may grow in all.', parse: bytes },
  'git-max-pack-size': {
    default: '64MiB',
    help: 'How much may be fetched of a repository at once; unpacked, it may be four times that.',
    parse: bytes,
  },
  kubeconfig: {
    default: '',
    help: 'Path of a kubeconfig; KUBECONFIG, then in-cluster, when empty.',
    parse: text,
  },
} as const satisfies Flags;

export type ServeConfig = Values<typeof SERVE_FLAGS>;

/** The variables for proxies; upper case wins, as in Go's httpproxy. */
export function proxyVariables(environment: Readonly<Record<string, string | undefined>>) {
  const read = (name: string) => environment[name] || environment[name.toLowerCase()] || '';
  return { http: read('HTTP_PROXY'), https: read('HTTPS_PROXY'), except: read('NO_PROXY') };
}

function address(value: string): string {
  parseAddress(value);
  return value;
}

function optionalAddress(value: string): string {
  return value === '' || value === '0' ? '' : address(value);
}

function networks(value: string): readonly string[] {
  return parseNetworks(list(value));
}

function positiveSeconds(value: string): number {
  const parsed = seconds(value);
  if (parsed > 0) return parsed;
  throw new Error('It must be longer than 0.');
}
