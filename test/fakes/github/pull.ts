import { EXAMPLES, LISTED } from './description.ts';
import { exampleOf } from './examples.ts';
import type { FakePull } from './types.ts';

export interface FakePullInput {
  readonly web: string;
  readonly number: number;
  readonly title: string;
  readonly body: string | null;
  readonly draft: boolean;
  readonly head: string;
  readonly sha: string;
  readonly base: string;
}

/** GitHub's own example of one, with this input. */
export function newPull({ web, number, head, sha, base, ...input }: FakePullInput): FakePull {
  const example = exampleOf(EXAMPLES['pull-request'], number) as FakePull;
  return {
    ...example,
    ...input,
    id: 9_007_199_254_740_000 + number,
    node_id: `PR_${number}`,
    html_url: `${web}/acme/fleet/pull/${number}`,
    number,
    state: 'open',
    merged: false,
    merged_at: null,
    closed_at: null,
    auto_merge: null,
    labels: [],
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    head: { ...example.head, label: `acme:${head}`, ref: head, sha },
    base: { ...example.base, label: `acme:${base}`, ref: base },
  };
}

/** The pull request in a list, which shows less of it. */
export function listed(pull: FakePull): object {
  return Object.fromEntries(Object.entries(pull).filter(([key]) => LISTED.includes(key)));
}

export function settle(pull: FakePull, state: 'merged' | 'closed'): void {
  const at = '2026-11-21T10:00:00Z';
  const merged = state === 'merged';
  Object.assign(pull, { state: 'closed', merged, merged_at: merged ? at : null, closed_at: at });
}
