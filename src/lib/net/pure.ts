export {
  AUTHORITY_KEYS,
  authoritiesIn,
  authoritiesProblem,
  authoritiesText,
  authoritiesWarning,
  NO_ROOT_NEEDED,
} from './authorities.ts';
export {
  certificateFault,
  clientCertificateOf,
  halfCertificateFault,
  hasClientCertificate,
} from './client-certificate.ts';
export {
  type HostPolicy,
  hostOf,
  isListed,
  matchesHost,
  proxyHostProblem,
  repositoryHostProblem,
} from './hosts.ts';
export { isLongKey, isLongKeyBlock, MAX_RSA_BITS } from './key-length.ts';
export { proxyAddressFault, proxyKeysFault, proxyOf } from './repository-proxy.ts';
export { FORM, shapeProblem, shownUrl, URL_RULES } from './repository-url.ts';
export {
  BEARER_TOKEN,
  type HasKey,
  keysOfPart,
  MAX_VALUE_BYTES,
  MIN_KEY_BYTES,
  OWN_SIGNING,
  PART_KEYS,
  PROXY_ADDRESS,
  partsOf,
  REGISTRY_LOGIN,
  type ReadText,
  type SecretPart,
  SIGNING_KEY,
  SIGNING_PASSPHRASE,
  type SigningKeys,
  signingKeysOf,
  WEBHOOK_SECRET,
  WEBHOOK_SECRET_PREVIOUS,
} from './secret-parts.ts';
