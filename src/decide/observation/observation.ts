import type { NamedSource } from './chart-source.ts';

/**
 * The observed state of an application at one of its targets. `unreadable`: its cluster cannot be read; `absent`: there
 * has no such object. In both cases signed events decide.
 */
export type Observation =
  | { readonly kind: 'unreadable'; readonly error: string }
  | { readonly kind: 'absent'; readonly error: string }
  | {
      readonly kind: 'application';
      readonly ready: boolean;
      readonly revision?: string;
      /** The full form of the revision, if it differs, */
      readonly fullRevision?: string;
      /** and the tag of a chart in its registry. */
      readonly tag?: string;
      /** The source that the tag can be read from. */
      readonly chartSource?: NamedSource;
      /** The reason for which it is not ready, in Flux's words. */
      readonly message?: string;
      /** RFC 3339; the time at which the revision was deployed, if the object has it. */
      readonly deployedAt?: string;
      /** The revision of a deployment that failed. */
      readonly failed?: string;
      readonly failedFull?: string;
      /**
       * Ready is Unknown while the running revision is only reconciled again, as kustomize-controller does at each
       * interval: an application that was ready before still is.
       */
      readonly steady?: boolean;
      /** Another deployment is in progress: its revision, if known. */
      readonly deploying?: { readonly revision?: string; readonly fullRevision?: string };
      /** It does not report the running revision: the recorded one stays. */
      readonly keeps?: Keeps;
    };

/** The state of an application whose spec may name another revision than the one that it runs. */
export interface Keeps {
  /**
   * Nothing is being rolled out and nothing is promoted from it, or the revision in its spec is only reconciled again.
   */
  readonly as: 'held' | 'reconciling' | 'unknown';
  /** The revision that its spec names; undefined: none that can be used. */
  readonly revision?: string;
  readonly fullRevision?: string;
}
