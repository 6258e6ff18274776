import * as v from 'valibot';
import type { CommitStatus } from '../forge.ts';
import type { Checks } from '../merge.ts';
import { parsedAnswer } from '../shared.ts';
import { cutStatus, STATUS_CONTEXT } from '../status.ts';
import type { Api } from './api.ts';

const STATES = { pending: 'INPROGRESS', success: 'SUCCESSFUL', failure: 'FAILED' } as const;

const Count = v.nullish(v.number(), 0);
/** How many builds of a commit are in each state; older servers know three states. */
const Stats = v.object({
  successful: Count,
  failed: Count,
  inProgress: Count,
  cancelled: Count,
  unknown: Count,
});
type Stats = v.InferOutput<typeof Stats>;

const Build = v.object({ state: v.string() });

/** What the states of builds are called where they are counted. */
const COUNTED: Readonly<Record<string, keyof Stats>> = {
  SUCCESSFUL: 'successful',
  FAILED: 'failed',
  INPROGRESS: 'inProgress',
  CANCELLED: 'cancelled',
  UNKNOWN: 'unknown',
};

/**
 * A build needs a page; the commit's is one.
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
    state: STATES[state],
    description: cutStatus(description),
    url: url ?? `${api.pageUrl}/commits/${commit}`,
  };
  const target = `${api.repositoryUrl}/commits/${commit}/builds`;
  await api.call('status', () => api.send({ method: 'POST', url: target, body }));
}

export async function checksOf(api: Api, commit: string): Promise<Checks> {
  const url = `${api.buildsUrl}/commits/stats/${commit}`;
  const { data } = await api.call('checks', () => api.send({ method: 'GET', url }));
  const stats = await withoutOurs(api, commit, parsedAnswer(Stats, 'checks', data, api.context));
  const { failed, cancelled, inProgress, unknown } = stats;
  return {
    any: total(stats) > 0,
    failing: [...counted(failed, 'failed'), ...counted(cancelled, 'cancelled')],
    pending: [...counted(inProgress, 'in progress'), ...counted(unknown, 'unknown')],
  };
}

/** The counts have ours in them, which is asked for where that makes a difference. */
async function withoutOurs(api: Api, commit: string, stats: Stats): Promise<Stats> {
  const all = total(stats);
  if (all === 0 || (all > 1 && all === stats.successful)) return stats;
  const query = new URLSearchParams({ key: STATUS_CONTEXT });
  const url = `${api.repositoryUrl}/commits/${commit}/builds?${query}`;
  const send = () => api.send({ method: 'GET', url });
  const answer = await api.call('checks', send, ({ status }) => status === 404);
  if (answer.status === 404) return stats;
  const key = COUNTED[parsedAnswer(Build, 'checks', answer.data, api.context).state];
  return key ? { ...stats, [key]: Math.max(0, stats[key] - 1) } : stats;
}

function total({ successful, failed, inProgress, cancelled, unknown }: Stats): number {
  return successful + failed + inProgress + cancelled + unknown;
}

/** The answer has no names. */
function counted(builds: number, state: string): string[] {
  return builds > 0 ? [`${builds} ${state}`] : [];
}
