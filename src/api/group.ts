/** Names that other systems know us by. The API group is the predecessor's, so its manifests just work. */

export const GROUP = 'pipelines.weave.works';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;
export const KIND = 'Pipeline';
export const PLURAL = 'pipelines';

/** The field manager of every server-side apply, and the reporting component of events. */
export const FIELD_MANAGER = 'turnpike';

/** Keys of a Secret that `strategy.secretRef` names; the second ones are accepted during a rotation. */
export const HMAC_KEY = 'hmac-key';
export const HMAC_KEY_PREVIOUS = 'hmac-key-previous';
/** Sign approvals; without both of them those for events do. */
export const APPROVAL_KEY = 'approval-key';
export const APPROVAL_KEY_PREVIOUS = 'approval-key-previous';

/** Placeholder for keys in manifests/examples: everybody can read it. */
export const PUBLISHED_KEYS: readonly string[] = [
  'put-the-same-random-key-into-both-of-these',
  'put-another-random-key-here-for-approvals',
  'put-a-token-of-your-forge-here',
];

/** Annotation of a Secret: the only hosts that it may be sent to, comma-separated, in the forms of --git-hosts. */
export const ALLOWED_HOSTS = `${GROUP}/allowed-hosts`;

/** Annotation of a GitopsCluster: the namespaces whose Pipelines may use it beside its own, comma-separated; * for all. */
export const ALLOWED_NAMESPACES = `${GROUP}/allowed-namespaces`;

/** Annotation of a namespace: "true" where Pipelines of others show no messages of what is in it. */
export const HIDE_MESSAGES = `${GROUP}/hide-messages`;

/** Metadata of the notification event; notification-controller drops keys without the group's prefix. */
export const EVENT_ENVIRONMENT = `${GROUP}/environment`;
export const EVENT_VERSION = `${GROUP}/version`;
/** The revision that the environment runs. */
export const EVENT_FROM = `${GROUP}/from`;
/** Address of the pull request. */
export const EVENT_PULL_REQUEST = `${GROUP}/pullRequest`;
/** The phase of the promotion, or of the deployment that failed. */
export const EVENT_PHASE = `${GROUP}/phase`;
/** Tells repeats from news; notification-controller takes it out before it passes the event on. */
export const EVENT_TOKEN = `${GROUP}/token`;

/** Flux's annotation to ask for a reconciliation now. */
export const RECONCILE_REQUESTED_AT = 'reconcile.fluxcd.io/requestedAt';
