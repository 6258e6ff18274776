import type { NamedSource } from './chart-source.ts';

/**
 * What was seen of an application at one of its targets. `unreadable`: its cluster cannot be asked;
 * `absent`: there is no such object. In both cases signed events decide.
 */
export type Observation =
  | { readonly kind: 'unreadable'; readonly error: string }
  | { readonly kind: 'absent'; readonly error: string }
  | {
      readonly kind: 'application';
      readonly ready: boolean;
      readonly revision?: string;
      /** The same in its full form, where that is another one, */
      readonly fullRevision?: string;
      /** and the tag of a chart in its registry. */
      readonly tag?: string;
      /** Where the tag can be looked up. */
      readonly chartSource?: NamedSource;
      /** Why it is not ready, in Flux's words. */
      readonly message?: string;
      /** RFC 3339; when the revision was deployed, as far as the object says. */
      readonly deployedAt?: string;
      /** The revision of a deployment that failed. */
      readonly failed?: string;
      readonly failedFull?: string;
      /**
       * Ready is Unknown while what runs is only reconciled once more, as kustomize-controller does at each
       * interval: what was ready before still is.
       */
      readonly steady?: boolean;
      /** Something else than what runs is being deployed: its revision, as far as it is known. */
      readonly deploying?: { readonly revision?: string; readonly fullRevision?: string };
      /** It does not say what runs: what is recorded of that stays. */
      readonly keeps?: Keeps;
    };

/** What an application shows whose spec says another thing, perhaps, than what it runs. */
export interface Keeps {
  /** Nothing is being rolled out: nothing is promoted from it; or what the spec says is only reconciled once more. */
  readonly as: 'held' | 'reconciling' | 'unknown';
  /** What its spec says; undefined: nothing that can be used. */
  readonly revision?: string;
  readonly fullRevision?: string;
}
