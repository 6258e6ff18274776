/** The names that the demo uses. */

export const ENVIRONMENTS = ['dev', 'staging', 'prod'] as const;
/** Each has a namespace of its own name. */
export type Environment = (typeof ENVIRONMENTS)[number];

/** The namespace of the Pipeline and all that belongs to it. */
export const NAMESPACE = 'demo';
/** The application of the first act, its HelmReleases, its chart and its Pipeline. */
export const APP = 'hello';
/** The Git repository that holds what runs where. */
export const REPOSITORY = 'fleet';
/** The Git repository that serves the chart. */
export const CHARTS = 'charts';

export const FIRST_VERSION = '1.0.0';
export const NEXT_VERSION = '1.1.0';
/** A version for users who keep the demo and go on by themselves. */
export const SPARE_VERSION = '1.2.0';

/** The application of the second act; it has the same chart, at the first version all the while. */
export const IMAGE_APP = 'shop';
/** Its image, which is never pulled: no kubelet runs Pods here. */
export const IMAGE_REPOSITORY = 'ghcr.io/acme/shop';
export const FIRST_TAG = '5.0.0';
export const NEXT_TAG = '5.0.1';

/** Secrets of the Pipeline. */
export const EVENTS_SECRET = `${APP}-events`;
export const REPOSITORY_SECRET = `${APP}-repository`;

/** The path of an environment's HelmRelease in the repository. */
export function releasePath(environment: Environment, app: string = APP): string {
  return `${environment}/${app}.yaml`;
}
