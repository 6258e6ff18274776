import * as v from 'valibot';
import { missing, missingOf, notTaken, runSteps } from '../metadata.ts';
import type { Metadata, PullRequest } from '../port.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import { type Api, parsed, read, requestUrl, withQuery } from './api.ts';

/** https://docs.gitlab.com/api/users/ */
const Users = v.array(v.object({ id: v.number(), username: v.string() }));

/** Ids of users by their names in small letters. */
type Ids = ReadonlyMap<string, number>;

/** Sends all in one request, which names users by their ids and repeats those that are set already. */
export function setMetadata(api: Api, pull: PullRequest, wanted: Metadata): Promise<readonly string[]> {
  const lacking = missingOf(pull, wanted);
  const { labels, assignees, reviewers } = lacking;
  const people = [...assignees, ...reviewers];
  if (labels.length + people.length === 0) return Promise.resolve([]);
  return runSteps([
    async () => {
      const ids = await idsOf(api, people);
      const current = people.length > 0 ? await read(api, pull.number) : undefined;
      const change = {
        ...(labels.length > 0 && { add_labels: labels.join(',') }),
        ...listOf('assignee_ids', current?.assignees, assignees, ids),
        ...listOf('reviewer_ids', current?.reviewers, reviewers, ids),
      };
      return apply(api, pull, lacking, change);
    },
  ]);
}

/** Has no list where no user is added. */
function listOf(
  key: 'assignee_ids' | 'reviewer_ids',
  current: readonly { readonly id: number }[] = [],
  names: readonly string[],
  ids: Ids,
): object {
  const added = names.flatMap((name) => ids.get(name.toLowerCase()) ?? []);
  return added.length > 0 ? { [key]: [...current.map(({ id }) => id), ...added] } : {};
}

async function idsOf(api: Api, names: readonly string[]): Promise<Ids> {
  const ids = new Map<string, number>();
  for (const name of missing(names, [])) {
    const url = withQuery(`${api.apiUrl}/users`, { username: name, page: '1', per_page: '1' });
    const { data } = await api.call('metadata', () => api.send({ method: 'GET', url }));
    const [found] = parsedAnswer(Users, 'metadata', data, api.context);
    if (found) ids.set(name.toLowerCase(), found.id);
  }
  return ids;
}

/** GitLab ignores users who may not see the project, and all but one where the plan allows one. */
async function apply(api: Api, { number }: PullRequest, lacking: Metadata, change: object) {
  const { assignees, reviewers } = lacking;
  const isEmpty = Object.keys(change).length === 0;
  const send = () => api.send({ method: 'PUT', url: requestUrl(api, number), body: change });
  const now = isEmpty ? undefined : parsed(api, 'metadata', (await api.call('metadata', send)).data);
  const names = (users: readonly { readonly username: string }[] = []) =>
    users.map(({ username }) => username);
  return [
    ...notTaken('assignees', missing(assignees, names(now?.assignees)), api.context),
    ...notTaken('reviewers', missing(reviewers, names(now?.reviewers)), api.context),
  ];
}
