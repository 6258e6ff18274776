import { type JsonAsked, jsonAnswer } from '../json-server.ts';
import { refusal } from './answers.ts';
import type { BitbucketState, FakeBuild } from './state.ts';

/** https://developer.atlassian.com/server/bitbucket/rest/v906/api-group-builds-and-deployments/ */
export function addBuild({ builds }: BitbucketState, commit: string, body: JsonAsked['body']): Response {
  const build = body as unknown as Partial<FakeBuild>;
  if (!build.key || !build.url || build.url.length > 450 || !build.state) {
    return refusal(400, 'validation.ArgumentValidationException', 'url: a build status URL is required');
  }
  const ofCommit = builds.get(commit) ?? new Map<string, FakeBuild>();
  builds.set(commit, ofCommit.set(build.key, build as FakeBuild));
  return new Response(null, { status: 204 });
}

/** One of a commit: https://developer.atlassian.com/server/bitbucket/rest/v906/api-group-builds-and-deployments/ */
export function getBuild({ builds }: BitbucketState, commit: string, query: URLSearchParams): Response {
  const key = query.get('key');
  if (!key) return refusal(400, 'validation.ArgumentValidationException', 'key: a build key is required');
  const build = builds.get(commit)?.get(key);
  const message = `No build with the key ${key} exists for the commit ${commit}.`;
  return build ? jsonAnswer(200, build) : refusal(404, 'build.NoSuchBuildStatusException', message);
}

/** Builds count for all repositories: they have the commit in common. */
export function buildStats({ builds }: BitbucketState, { path }: JsonAsked): Response | undefined {
  const commit = /^\/bitbucket\/rest\/build-status\/1\.0\/commits\/stats\/(\w+)$/.exec(path)?.[1];
  if (commit === undefined) return undefined;
  const states = [...(builds.get(commit)?.values() ?? [])].map(({ state }) => state);
  const count = (state: FakeBuild['state']) => states.filter((one) => one === state).length;
  return jsonAnswer(200, {
    successful: count('SUCCESSFUL'),
    inProgress: count('INPROGRESS'),
    failed: count('FAILED'),
    cancelled: count('CANCELLED'),
    unknown: count('UNKNOWN'),
  });
}
