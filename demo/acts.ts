import { chartRelease, imageRelease } from './manifests.ts';
import {
  APP,
  type Environment,
  FIRST_TAG,
  FIRST_VERSION,
  IMAGE_APP,
  NEXT_TAG,
  NEXT_VERSION,
} from './names.ts';

/** The part of a HelmRelease that the demo reads. */
export interface Release {
  readonly metadata?: { readonly generation?: number };
  readonly spec?: { readonly values?: { readonly image?: { readonly tag?: string } } };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly lastAttemptedGeneration?: number;
    readonly lastAttemptedConfigDigest?: string;
    readonly conditions?: readonly Condition[];
    readonly history?: readonly Entry[];
  };
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly message: string;
}

interface Entry {
  readonly chartVersion: string;
  readonly status: string;
  readonly configDigest?: string;
}

/** An application, and what of it changes in dev and is promoted from there. */
export interface Act {
  /** The application, its HelmReleases and its Pipeline. */
  readonly app: string;
  readonly first: string;
  readonly next: string;
  /** The version of the chart that goes with a revision. */
  readonly chart: (revision: string) => string;
  /** Names a revision of it in a sentence. */
  readonly called: (revision: string) => string;
  /** The subject of the promotion in the title of a step; empty where it goes without saying. */
  readonly what: string;
  /** An environment's file. */
  readonly file: (environment: Environment, revision: string) => string;
  /** The revision that a HelmRelease reports, where it is ready. */
  readonly runs: (release: Release) => string | undefined;
  /** True when Flux sends events about it to Turnpike; otherwise Turnpike only watches. */
  readonly hasAlerts: boolean;
}

export const CHART: Act = {
  app: APP,
  first: FIRST_VERSION,
  next: NEXT_VERSION,
  chart: (version) => version,
  called: (version) => version,
  what: '',
  file: chartRelease,
  runs: ({ status }) => status?.history?.[0]?.chartVersion,
  hasAlerts: true,
};

export const IMAGE: Act = {
  app: IMAGE_APP,
  first: FIRST_TAG,
  next: NEXT_TAG,
  chart: () => FIRST_VERSION,
  called: (tag) => `image ${tag}`,
  what: 'the image ',
  file: imageRelease,
  runs: ({ spec }) => spec?.values?.image?.tag,
  hasAlerts: false,
};

export const ACTS = [CHART, IMAGE];
