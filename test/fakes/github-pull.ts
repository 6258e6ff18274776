import type { RestEndpointMethodTypes } from '@octokit/rest';
import { EXAMPLES, LISTED } from './github-description.ts';

/** GitHub's pull request, all of it. */
export type FakePull = RestEndpointMethodTypes['pulls']['get']['response']['data'];

export interface FakePullInput {
  readonly number: number;
  readonly title: string;
  readonly body: string | null;
  readonly head: string;
  readonly sha: string;
  readonly base: string;
}

/** GitHub's own example of one, in the place of `acme/fleet`, with this input. */
export function newPull({ number, title, body, head, sha, base }: FakePullInput): FakePull {
  const text = JSON.stringify(EXAMPLES['pull-request'])
    .replaceAll('octocat/Hello-World', 'acme/fleet')
    .replaceAll('/1347', `/${number}`);
  const example = JSON.parse(text) as FakePull;
  return {
    ...example,
    id: 9_007_199_254_740_000 + number,
    node_id: `PR_${number}`,
    number,
    state: 'open',
    title,
    body,
    merged: false,
    merged_at: null,
    closed_at: null,
    draft: false,
    labels: [],
    requested_reviewers: [],
    requested_teams: [],
    head: { ...example.head, label: `acme:${head}`, ref: head, sha },
    base: { ...example.base, label: `acme:${base}`, ref: base },
  };
}

/** As a list shows it, which is less. */
export function listed(pull: FakePull): object {
  return Object.fromEntries(Object.entries(pull).filter(([key]) => LISTED.includes(key)));
}

export function settle(pull: FakePull, state: 'merged' | 'closed'): void {
  const at = '2026-11-21T10:00:00Z';
  const merged = state === 'merged';
  Object.assign(pull, { state: 'closed', merged, merged_at: merged ? at : null, closed_at: at });
}
