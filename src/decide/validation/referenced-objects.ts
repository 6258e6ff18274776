import type { AllowedHosts } from '../model/allowed-hosts.ts';

/** The objects that a Pipeline's spec references, as far as they are known. */

/** Values by key; `sealed` if the value is encrypted, as in a file that is meant for Git. */
export type SecretData = ReadonlyMap<string, Uint8Array | 'sealed'>;

export interface ReferencedSecret {
  /** Undefined if not even the keys are known, such as of an ExternalSecret. */
  readonly values?: SecretData;
  /** From the annotation `pipelines.weave.works/allowed-hosts`; absent without one. */
  readonly allowedHosts?: AllowedHosts;
  /** Changes with each change of the Secret; absent if it is not known. */
  readonly version?: string;
}

export type SecretState =
  | { readonly kind: 'found'; readonly secret: ReferencedSecret }
  | { readonly kind: 'absent' }
  /** `why` is a sentence. */
  | { readonly kind: 'unknown'; readonly why: string };

/** Warnings are sentences; an object without a fault has none. */
export interface ReferencedObjects {
  readonly secrets: ReadonlyMap<string, SecretState>;
  /** Warnings by `clusterKey`. */
  readonly clusters: ReadonlyMap<string, string>;
  /** Warnings about reading the application in a namespace of this cluster, by the namespace. */
  readonly applications: ReadonlyMap<string, string>;
  /**
   * Warnings that the author of a change may not get the application in a namespace of this cluster, by the namespace.
   */
  readonly authors: ReadonlyMap<string, string>;
  /** Warnings by `targetKey`: others that manage the application there. */
  readonly managers: ReadonlyMap<string, string>;
  /** The time of the lookup; without it expiry is not checked. */
  readonly now?: Date;
}

export const NO_OBJECTS: ReferencedObjects = {
  secrets: new Map(),
  clusters: new Map(),
  applications: new Map(),
  authors: new Map(),
  managers: new Map(),
};
