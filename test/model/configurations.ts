import { DEPLOYMENTS } from './configurations/deployments.ts';
import { PEOPLE } from './configurations/people.ts';
import { PULL_REQUESTS } from './configurations/pull-requests.ts';
import type { Configuration } from './search/configuration.ts';

/** Each configuration is small, so that all that can happen in it is explored. */
export const CONFIGURATIONS: readonly Configuration[] = [...PULL_REQUESTS, ...DEPLOYMENTS, ...PEOPLE];
