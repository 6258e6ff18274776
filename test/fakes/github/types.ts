import type { RestEndpointMethodTypes } from '@octokit/rest';

/** GitHub's pull request, all of it. */
export type FakePull = RestEndpointMethodTypes['pulls']['get']['response']['data'];

export interface FakeStatus {
  readonly sha: string;
  readonly context: string;
  readonly state: string;
  readonly description: string;
  readonly target_url?: string;
}
