import * as v from 'valibot';
import { forgeWords } from '../failure.ts';
import type { MergeOutcome, PullRequest } from '../forge.ts';
import {
  behind,
  conflicting,
  type Mergeable,
  mustNotWait,
  notYet,
  refusedMerge,
  settled,
  short,
  unspoken,
} from '../merge.ts';
import { answerOf } from '../octokit.ts';
import type { Api } from './api.ts';
import { CHECKS, Checked, hasChecks, ROLLUP } from './checks.ts';
import { graphql } from './graphql.ts';

type MergeApi = Mergeable<Api>;

/**
 * `mergeStateStatus` weighs the rules of the branch and all statuses and check runs of the head commit, also
 * for tokens that may not read check runs: https://docs.github.com/en/graphql/reference/enums#mergestatestatus
 */
const QUERY = `query ($owner: String!, $repo: String!, $number: Int!) {
  repository(owner: $owner, name: $repo) {
    mergeCommitAllowed
    squashMergeAllowed
    pullRequest(number: $number) {
      id
      state
      headRefOid
      baseRefName
      mergeStateStatus
      autoMergeRequest { enabledAt }
      commits(last: 1) { nodes { commit { ${CHECKS} } } }
      baseRef { target { ... on Commit { ${CHECKS} } } }
    }
  }
}`;

/** https://docs.github.com/en/graphql/reference/mutations#enablepullrequestautomerge */
const SCHEDULE = `mutation ($input: EnablePullRequestAutoMergeInput!) {
  enablePullRequestAutoMerge(input: $input) {
    pullRequest { state }
  }
}`;

const Found = v.object({
  repository: v.object({
    mergeCommitAllowed: v.boolean(),
    squashMergeAllowed: v.boolean(),
    pullRequest: v.object({
      id: v.string(),
      state: v.picklist(['OPEN', 'CLOSED', 'MERGED']),
      headRefOid: v.string(),
      baseRefName: v.string(),
      mergeStateStatus: v.string(),
      autoMergeRequest: v.nullable(v.object({ enabledAt: v.nullish(v.string()) })),
      commits: v.object({ nodes: v.array(v.object({ commit: Checked })) }),
      baseRef: v.nullish(v.object({ target: v.nullish(Checked) })),
    }),
  }),
});
type Repository = v.InferOutput<typeof Found>['repository'];

const Scheduled = v.object({
  enablePullRequestAutoMerge: v.nullish(
    v.object({ pullRequest: v.nullish(v.object({ state: v.string() })) }),
  ),
});

const STATES = { OPEN: 'open', CLOSED: 'closed', MERGED: 'merged' } as const;

export async function merge(api: MergeApi, { number }: PullRequest, commit: string): Promise<MergeOutcome> {
  const variables = { ...api.repository, number };
  const query = { text: QUERY, variables, schema: Found, optional: ROLLUP };
  const asked = await graphql(api, 'merge', query);
  if (asked.kind === 'refused') return refusedMerge(api.context, wordsOf(api, asked.answer));
  const { repository } = asked.data;
  const { state, headRefOid, baseRefName, autoMergeRequest } = repository.pullRequest;
  const seen = { state: STATES[state], base: baseRefName, headCommit: headRefOid };
  const outcome = settled(seen, commit, api);
  if (outcome) return outcome;
  if (autoMergeRequest) return { kind: 'scheduled' };
  const waits = unready(repository, commit) ?? (await silent(api, repository, commit));
  if (waits) return waits;
  return repository.pullRequest.mergeStateStatus === 'BLOCKED'
    ? schedule(api, repository, commit, 'rules of the branch are not met')
    : mergeNow(api, number, repository, commit);
}

/** The outcome where it can neither be merged nor left to GitHub. */
function unready({ pullRequest }: Repository, commit: string): MergeOutcome | undefined {
  switch (pullRequest.mergeStateStatus) {
    case 'CLEAN':
    case 'HAS_HOOKS':
    case 'BLOCKED':
      return undefined;
    case 'UNSTABLE':
      return notYet(`Checks of ${short(commit)} that are not required fail or are not done.`);
    case 'BEHIND':
      return behind();
    case 'DIRTY':
      return conflicting();
    case 'DRAFT':
      return notYet('The pull request is a draft.');
    default:
      return notYet('GitHub is still finding out whether the pull request can be merged.');
  }
}

function silent(api: MergeApi, { pullRequest }: Repository, commit: string) {
  const { commits, baseRef } = pullRequest;
  const any = hasChecks(commits.nodes[0]?.commit);
  return unspoken(api, { any }, commit, async () => hasChecks(baseRef?.target));
}

/** A branch with a merge queue refuses this and takes an auto-merge: https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request */
async function mergeNow(
  api: MergeApi,
  number: number,
  repository: Repository,
  commit: string,
): Promise<MergeOutcome> {
  const request = { ...api.repository, pull_number: number, sha: commit, merge_method: methodOf(repository) };
  const send = () => answerOf(api.octokit.rest.pulls.merge(request));
  const answer = await api.call('merge', send, ({ status }) => status === 405 || status === 409);
  if (answer.status === 405) return schedule(api, repository, commit, wordsOf(api, answer));
  return answer.status === 409 ? refusedMerge(api.context, wordsOf(api, answer)) : { kind: 'merged' };
}

async function schedule(
  api: MergeApi,
  repository: Repository,
  commit: string,
  why: string,
): Promise<MergeOutcome> {
  if (!api.mayWait) return mustNotWait(api.context);
  const input = {
    pullRequestId: repository.pullRequest.id,
    expectedHeadOid: commit,
    mergeMethod: methodOf(repository).toUpperCase(),
  };
  const asked = await graphql(api, 'merge', { text: SCHEDULE, variables: { input }, schema: Scheduled });
  return asked.kind === 'data'
    ? { kind: 'scheduled' }
    : refusedMerge(api.context, `${why}; ${wordsOf(api, asked.answer)}`);
}

function methodOf({ mergeCommitAllowed, squashMergeAllowed }: Repository): 'merge' | 'squash' | 'rebase' {
  if (mergeCommitAllowed) return 'merge';
  return squashMergeAllowed ? 'squash' : 'rebase';
}

function wordsOf({ context }: Api, answer: Parameters<typeof forgeWords>[0]): string {
  return forgeWords(answer, context.secrets);
}
