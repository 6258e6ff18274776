import type { AllowedHosts } from '../model/allowed-hosts.ts';

/** What is known of the things around a Pipeline that its spec names. */

/** Values by key; `sealed` where the value is encrypted, as in a file that is meant for Git. */
export type SecretData = ReadonlyMap<string, Uint8Array | 'sealed'>;

export interface SecretFacts {
  /** Undefined where not even the keys are known, such as of an ExternalSecret. */
  readonly values?: SecretData;
  /** From the annotation `pipelines.weave.works/allowed-hosts`; absent without one. */
  readonly allowedHosts?: AllowedHosts;
  /** Changes with each change of the Secret; absent where it is not known. */
  readonly version?: string;
}

export type SecretState =
  | { readonly kind: 'found'; readonly secret: SecretFacts }
  | { readonly kind: 'absent' }
  /** `why` is a sentence. */
  | { readonly kind: 'unknown'; readonly why: string };

/** Doubts are sentences; what is as it should be has none. */
export interface Facts {
  readonly secrets: ReadonlyMap<string, SecretState>;
  /** Doubts by `clusterKey`. */
  readonly clusters: ReadonlyMap<string, string>;
  /** Doubts about reading the application in a namespace of this cluster, by the namespace. */
  readonly applications: ReadonlyMap<string, string>;
  /** Doubts whether the author of a change may get the application in a namespace of this cluster, by the namespace. */
  readonly authors: ReadonlyMap<string, string>;
  /** Doubts by `targetKey`: who else governs the application there. */
  readonly governors: ReadonlyMap<string, string>;
  /** When they were gathered; without it nothing is said of what has expired. */
  readonly now?: Date;
}

export const NO_FACTS: Facts = {
  secrets: new Map(),
  clusters: new Map(),
  applications: new Map(),
  authors: new Map(),
  governors: new Map(),
};
