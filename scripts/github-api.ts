import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { labEnvironment } from '../test/lab/environment.ts';
import { graphqlExtract } from './graphql.ts';
import { type Description, extractOf } from './openapi.ts';

/**
 * Writes the description for the stand-in for GitHub: the operations of REST and the types of GraphQL that
 * Turnpike uses, taken from the descriptions that GitHub publishes. The packages are far too big to depend
 * on; they are kept beside the lab's binaries.
 */

const PACKAGE = '@octokit/openapi';
const VERSION = '23.0.2';
const GRAPHQL_PACKAGE = '@octokit/graphql-schema';
const GRAPHQL_VERSION = '15.26.1';
/** Descriptions in the package, by the name of the file that is written. */
const DESCRIPTIONS = { 'github.com': 'api.github.com', 'enterprise-server': 'ghes-3.19' } as const;

const REPOSITORY = '/repos/{owner}/{repo}';
const OPERATIONS: Readonly<Record<string, readonly string[]>> = {
  [`${REPOSITORY}/pulls`]: ['get', 'post'],
  [`${REPOSITORY}/pulls/{pull_number}`]: ['get', 'patch'],
  [`${REPOSITORY}/pulls/{pull_number}/merge`]: ['put'],
  [`${REPOSITORY}/pulls/{pull_number}/requested_reviewers`]: ['post'],
  [`${REPOSITORY}/pulls/{pull_number}/reviews`]: ['get'],
  [`${REPOSITORY}/issues/{issue_number}/assignees`]: ['post'],
  [`${REPOSITORY}/issues/{issue_number}/comments`]: ['get', 'post'],
  [`${REPOSITORY}/issues/{issue_number}/labels`]: ['get', 'post', 'put'],
  [`${REPOSITORY}/statuses/{sha}`]: ['post'],
  [`${REPOSITORY}/commits/{ref}/status`]: ['get'],
  [`${REPOSITORY}/commits/{ref}/check-runs`]: ['get'],
  '/app/installations/{installation_id}': ['get'],
  '/app/installations/{installation_id}/access_tokens': ['post'],
  '/orgs/{org}/installation': ['get'],
  '/users/{username}/installation': ['get'],
};
/** Types of GraphQL; of the largest only the fields that are used, and some beside them. */
const TYPES = {
  Query: ['repository'],
  Mutation: [
    'enablePullRequestAutoMerge',
    'disablePullRequestAutoMerge',
    'enqueuePullRequest',
    'dequeuePullRequest',
  ],
  EnablePullRequestAutoMergeInput: 'all',
  EnablePullRequestAutoMergePayload: 'all',
  DisablePullRequestAutoMergeInput: 'all',
  DisablePullRequestAutoMergePayload: 'all',
  EnqueuePullRequestInput: 'all',
  EnqueuePullRequestPayload: 'all',
  DequeuePullRequestInput: 'all',
  DequeuePullRequestPayload: 'all',
  Repository: ['mergeCommitAllowed', 'squashMergeAllowed', 'rebaseMergeAllowed', 'pullRequest'],
  PullRequest: 'all',
  PullRequestState: 'all',
  PullRequestMergeMethod: 'all',
  MergeStateStatus: 'all',
  AutoMergeRequest: 'all',
  MergeQueueEntry: 'all',
  MergeQueueEntryState: 'all',
  PullRequestCommitConnection: 'all',
  PullRequestCommit: 'all',
  PullRequestTimelineItemsConnection: 'all',
  PullRequestTimelineItems: 'all',
  PullRequestTimelineItemsItemType: 'all',
  Ref: 'all',
  RefUpdateRule: 'all',
  RepositoryRuleConnection: 'all',
  RepositoryRule: 'all',
  RepositoryRuleType: 'all',
  RuleParameters: 'all',
  PullRequestParameters: 'all',
  GitObject: 'all',
  Commit: 'all',
  Status: 'all',
  StatusContext: 'all',
  StatusState: 'all',
  StatusCheckRollup: 'all',
  StatusCheckRollupContextConnection: 'all',
  StatusCheckRollupContext: 'all',
  CheckRun: 'all',
} as const;
/** They are alike in both. */
const EXAMPLES = [
  'pull-request',
  'pull-request-review-items',
  'issue',
  'issue-comment',
  'label-items',
  'status',
  'installation-token',
  'installation',
];

async function run(command: readonly string[], cwd: string): Promise<string> {
  const child = Bun.spawn([...command], { cwd, stdout: 'pipe', stderr: 'pipe' });
  const [output, errors, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (status !== 0) throw new Error(`${command.join(' ')} ended with status ${status}: ${errors}`);
  return output;
}

/** A package's archive; npm compares what it loads with the registry's checksum. */
async function archive(name: string, version: string): Promise<string> {
  const directory = join(labEnvironment().cache, 'github-api');
  const file = join(directory, `${name.slice(1).replace('/', '-')}-${version}.tgz`);
  if (await Bun.file(file).exists()) return file;
  await mkdir(directory, { recursive: true });
  await run(['npm', 'pack', `${name}@${version}`, '--pack-destination', directory], directory);
  return file;
}

/** A line for each operation, schema and example, so that a newer version can be compared. */
function textOf(document: object): string {
  const parts = Object.entries(document).map(([key, value]) => {
    if (typeof value !== 'object') return `${JSON.stringify(key)}: ${JSON.stringify(value)}`;
    const lines = Object.entries(value).map(
      ([name, one]) => `${JSON.stringify(name)}: ${JSON.stringify(one)}`,
    );
    return `${JSON.stringify(key)}: {\n${lines.join(',\n')}\n}`;
  });
  return `{\n${parts.join(',\n')}\n}\n`;
}

const folder = fileURLToPath(new URL('../test/fixtures/github/', import.meta.url));
const file = await archive(PACKAGE, VERSION);
for (const [name, description] of Object.entries(DESCRIPTIONS)) {
  const member = `package/generated/${description}.json`;
  const parsed = JSON.parse(await run(['tar', '-xzOf', file, member], folder)) as Description;
  const source = `${PACKAGE} ${VERSION}, ${description}.json`;
  const examples = name === 'github.com' ? EXAMPLES : [];
  const extract = extractOf(parsed, { operations: OPERATIONS, examples });
  await writeFile(`${folder}${name}.json`, textOf({ source, license: 'MIT', ...extract }));
}
await writeFile(`${folder}LICENSE`, await run(['tar', '-xzOf', file, 'package/LICENSE'], folder));
const graphql = await archive(GRAPHQL_PACKAGE, GRAPHQL_VERSION);
const schema = await run(['tar', '-xzOf', graphql, 'package/schema.graphql'], folder);
const source = `${GRAPHQL_PACKAGE} ${GRAPHQL_VERSION}, schema.graphql`;
const extract = { source, license: 'MIT', ...graphqlExtract(schema, TYPES) };
await writeFile(`${folder}graphql.json`, textOf(extract));
await writeFile(
  `${folder}LICENSE.graphql`,
  await run(['tar', '-xzOf', graphql, 'package/LICENSE.md'], folder),
);
console.log(
  `test/fixtures/github: taken from ${PACKAGE} ${VERSION} and ${GRAPHQL_PACKAGE} ${GRAPHQL_VERSION}.`,
);
