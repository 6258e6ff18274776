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

/** The part of a HelmRelease that is looked at. */
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
  /** How a revision of it is called in a sentence. */
  readonly called: (revision: string) => string;
  /** What is promoted, in the title of a step; nothing where it goes without saying. */
  readonly what: string;
  /** An environment's file. */
  readonly file: (environment: Environment, revision: string) => string;
  /** What a HelmRelease says that it runs, where it is ready. */
  readonly runs: (release: Release) => string | undefined;
  /** Whether Flux tells Turnpike of it by events; else Turnpike watches alone. */
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
