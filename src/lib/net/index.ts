export { canonicalAddress, isAddress, isInNetwork, withoutBrackets } from './addresses.ts';
export { createBoundedBytes } from './bounded-bytes.ts';
export {
  type ClusterHosts,
  type ClusterUrl,
  clusterUrlProblem,
  forbiddenAmong,
  isLoopbackServer,
  isQuotable,
} from './cluster-hosts.ts';
export { type Lookup, remembered, systemLookup } from './lookup.ts';
export { mediaType } from './outbound/media-type.ts';
export { createOutbound, displayUrl, type Outbound } from './outbound.ts';
export { createProxyFor, type ProxyFor } from './proxy.ts';
export { type ConnectionSettings, connectionOptions, connectionSecrets, keyBy } from './request-options.ts';
export {
  isOneOf,
  isSignedBy,
  parseSignature,
  type Signature,
  signerOf,
} from './signature.ts';
export { isFresh } from './timestamp.ts';
