import * as v from 'valibot';
import type { Checks } from '../merge.ts';
import type { CommitStatus } from '../port.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import { cutStatus, STATUS_CONTEXT } from '../status.ts';
import type { Api } from './api.ts';

const STATES = { pending: 'INPROGRESS', success: 'SUCCESSFUL', failure: 'FAILED' } as const;

const MAX_URL = 450;

const Count = v.nullish(v.number(), 0);
/** The number of builds of a commit in each state; older servers know three states. */
const Stats = v.object({
  successful: Count,
  failed: Count,
  inProgress: Count,
  cancelled: Count,
  unknown: Count,
});

/**
 * A build needs a page; the commit's is one. "Required builds" go by `parent`: https://jira.atlassian.com/browse/BSERV-19804
 * https://developer.atlassian.com/server/bitbucket/rest/v906/api-group-builds-and-deployments/
 */
export async function setStatus(
  api: Api,
  commit: string,
  { state, description, url }: CommitStatus,
): Promise<void> {
  const body = {
    key: STATUS_CONTEXT,
    name: STATUS_CONTEXT,
    parent: STATUS_CONTEXT,
    state: STATES[state],
    description: cutStatus(description),
    url: url !== undefined && url.length <= MAX_URL ? url : `${api.pageUrl}/commits/${commit}`,
  };
  const target = `${api.repositoryUrl}/commits/${commit}/builds`;
  await api.call('status', () => api.send({ method: 'POST', url: target, body }));
}

export async function checksOf(api: Api, commit: string): Promise<Checks> {
  const url = `${api.buildsUrl}/commits/stats/${commit}`;
  const { data } = await api.call('checks', () => api.send({ method: 'GET', url }));
  const stats = parsedAnswer(Stats, 'checks', data, api.context);
  const { successful, failed, cancelled, inProgress, unknown } = stats;
  const all = successful + failed + cancelled + inProgress + unknown;
  return {
    any: all > 1 || (all === 1 && !(await hasOurs(api, commit))),
    failing: [...counted(failed, 'failed'), ...counted(cancelled, 'cancelled')],
    pending: [...counted(inProgress, 'in progress'), ...counted(unknown, 'unknown')],
  };
}

async function hasOurs(api: Api, commit: string): Promise<boolean> {
  const query = new URLSearchParams({ key: STATUS_CONTEXT });
  const url = `${api.repositoryUrl}/commits/${commit}/builds?${query}`;
  const send = () => api.send({ method: 'GET', url });
  const answer = await api.call('checks', send, ({ status }) => status === 404);
  return answer.status !== 404;
}

/** The answer has counts but not the names of builds. */
function counted(builds: number, state: string): string[] {
  return builds > 0 ? [`${builds} ${state}`] : [];
}
