import type {
  Forge,
  MergeOptions,
  Metadata,
  NewPullRequest,
  PullRequest,
} from '../../src/lib/forges/port.ts';

/** The pull request of a promotion, and how a test gets it from a forge. */

export const INPUT = { head: 'promotion-team-app-staging', base: 'main', title: 'Promote', body: 'text' };
export const NONE: Metadata = { labels: [], assignees: [], reviewers: [] };

export async function openPull(forge: Forge, input: NewPullRequest = INPUT): Promise<PullRequest> {
  const pull = await forge.create(input);
  if (pull === 'exists') throw new Error('it exists');
  return pull;
}

export async function readPull(forge: Forge, number = 1): Promise<PullRequest> {
  const pull = await forge.get(number);
  if (!pull) throw new Error('it is not there');
  return pull;
}

/** Options to merge a commit that was pushed long ago. */
export function mergeOptions(change: Partial<MergeOptions> = {}): MergeOptions {
  return { base: INPUT.base, mayWait: true, now: new Date(), ...change };
}
