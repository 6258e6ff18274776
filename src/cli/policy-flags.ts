import { boolean, type Flags, list } from './flags.ts';

/** Flags for what the operator allows: `serve` and `validate` share their names, variables and meaning. */
export const POLICY_FLAGS = {
  'no-cross-namespace-refs': {
    default: 'false',
    help: "Refuse targets on this cluster, and references to clusters, in another namespace than the Pipeline's.",
    parse: boolean,
    switch: true,
  },
  'git-hosts': {
    default: '',
    help: 'Git hosts that may be reached, and proxies that Pipelines name (host or host:port, comma-separated, *. prefix allowed); any public or private one when empty, but for loopback, link-local and metadata addresses.',
    parse: list,
  },
  'insecure-git-hosts': {
    default: '',
    help: 'Hosts that may be reached by http, and at loopback, link-local and metadata addresses: for test environments.',
    parse: list,
  },
  'cluster-hosts': {
    default: '',
    help: 'API servers and proxies that the kubeconfigs of other clusters may name, as --git-hosts has them; any but those at loopback, link-local and metadata addresses when empty.',
    parse: list,
  },
  'require-allowed-hosts': {
    default: 'false',
    help: 'Send a Secret nowhere unless its annotation pipelines.weave.works/allowed-hosts lists the host: for installations where those who write Pipelines do not manage the Secrets.',
    parse: boolean,
    switch: true,
  },
} as const satisfies Flags;
