import * as v from 'valibot';
import type { Checks } from '../merge.ts';
import type { CommitStatus } from '../port.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import { cutStatus, STATUS_CONTEXT } from '../status.ts';
import { type Api, withQuery } from './api.ts';

const STATES = { pending: 'pending', success: 'success', failure: 'failed' } as const;

/** 400 where the status is `pending` already; other states may be set again. */
const ALREADY_PENDING = /cannot transition status via :enqueue from :pending/i;

/** https://docs.gitlab.com/api/commits/#set-commit-pipeline-status */
const MAX_TARGET_URL = 255;

const PAGE_SIZE = 100;
const MAX_PAGES = 20;

/** Jobs, and statuses from outside: https://docs.gitlab.com/api/commits/#list-the-statuses-of-a-commit */
const Statuses = v.array(
  v.object({ name: v.string(), status: v.string(), allow_failure: v.nullish(v.boolean(), false) }),
);
type Status = v.InferOutput<typeof Statuses>[number];

/** https://docs.gitlab.com/api/commits/#set-the-pipeline-status-of-a-commit */
export async function setStatus(
  api: Api,
  commit: string,
  { state, description, url }: CommitStatus,
): Promise<void> {
  const body = {
    state: STATES[state],
    name: STATUS_CONTEXT,
    description: cutStatus(description),
    // The page has no shorter address.
    ...(url !== undefined && [...url].length <= MAX_TARGET_URL && { target_url: url }),
  };
  const send = () => api.send({ method: 'POST', url: `${api.projectUrl}/statuses/${commit}`, body });
  await api.call('status', send, ({ status, data }) => {
    return status === 400 && ALREADY_PENDING.test(JSON.stringify(data) ?? '');
  });
}

export async function checksOf(api: Api, commit: string): Promise<Checks> {
  const statuses: Status[] = [];
  for (let page = 1; page <= MAX_PAGES; page++) {
    const query = { all: 'false', page: String(page), per_page: String(PAGE_SIZE) };
    const url = withQuery(`${commitUrl(api, commit)}/statuses`, query);
    const send = () => api.send({ method: 'GET', url });
    const { data } = await api.call('checks', send);
    const found = parsedAnswer(Statuses, 'checks', data, api.context);
    statuses.push(...found);
    if (found.length < PAGE_SIZE) break;
  }
  const names = (wanted: (status: Status) => boolean) => statuses.filter(wanted).map(({ name }) => name);
  return {
    any: statuses.some(({ name }) => name !== STATUS_CONTEXT),
    failing: names(isFailing),
    pending: names((one) => !isFailing(one) && !isPassed(one)),
  };
}

/** A commit; every status belongs to a pipeline, also one from outside. */
const Commit = v.object({
  id: v.string(),
  parent_ids: v.nullish(v.array(v.string()), []),
  last_pipeline: v.nullish(v.unknown()),
});
type Commit = v.InferOutput<typeof Commit>;

/** https://docs.gitlab.com/api/commits/#get-a-single-commit */
export async function readCommit(api: Api, name: string): Promise<Commit | undefined> {
  const send = () => api.send({ method: 'GET', url: commitUrl(api, name) });
  const answer = await api.call('checks', send, ({ status }) => status === 404);
  return answer.status === 404 ? undefined : parsedAnswer(Commit, 'checks', answer.data, api.context);
}

/** `name`: of the commit, or of a branch. */
function commitUrl({ projectUrl }: Api, name: string): string {
  return `${projectUrl}/repository/commits/${encodeURIComponent(name)}`;
}

/** True if the head of a branch has a check. */
export async function branchHasChecks(api: Api, branch: string): Promise<boolean> {
  const head = await readCommit(api, branch);
  return Boolean(head?.last_pipeline) && (await checksOf(api, head?.id ?? branch)).any;
}

function isFailing({ status, allow_failure: mayFail }: Status): boolean {
  return !mayFail && (status === 'failed' || status === 'canceled' || status === 'canceling');
}

/** A manual job holds nothing up where it may fail. */
function isPassed({ status, allow_failure: mayFail }: Status): boolean {
  if (status === 'success' || status === 'skipped') return true;
  return mayFail && (status === 'failed' || status === 'canceled' || status === 'manual');
}
