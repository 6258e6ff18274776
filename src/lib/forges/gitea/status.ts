import * as v from 'valibot';
import type { Checks } from '../merge.ts';
import type { CommitStatus } from '../port.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import { cutStatus, isOurCheck, STATUS_CONTEXT } from '../status.ts';
import type { Api } from './api.ts';

const PAGE_SIZE = 50;
const MAX_PAGES = 20;

/** A page of the latest status of each context. `status` is its state. */
const Combined = v.object({
  statuses: v.nullish(v.array(v.object({ context: v.string(), status: v.string() })), []),
});

export async function setStatus(
  api: Api,
  commit: string,
  { state, description, url }: CommitStatus,
): Promise<void> {
  const body = {
    state,
    context: STATUS_CONTEXT,
    description: cutStatus(description),
    ...(url !== undefined && { target_url: url }),
  };
  await api.call('status', () =>
    api.send({ method: 'POST', url: `${api.repositoryUrl}/statuses/${commit}`, body }),
  );
}

export async function checksOf(api: Api, commit: string): Promise<Checks> {
  const statuses: { context: string; status: string }[] = [];
  for (let page = 1; page <= MAX_PAGES; page++) {
    const url = `${api.repositoryUrl}/commits/${commit}/status?page=${page}&limit=${PAGE_SIZE}`;
    const { data, headers } = await api.call('checks', () => api.send({ method: 'GET', url }));
    const found = parsedAnswer(Combined, 'checks', data, api.context).statuses;
    statuses.push(...found);
    const total = Number(headers.get('x-total-count') ?? statuses.length);
    if (found.length === 0 || statuses.length >= total) break;
  }
  const contexts = (wanted: (state: string) => boolean) =>
    statuses.filter(({ status }) => wanted(status)).map(({ context }) => context);
  return {
    any: statuses.some(({ context }) => !isOurCheck(context)),
    failing: contexts(isFailing),
    pending: contexts((state) => !isFailing(state) && !isPassed(state)),
  };
}

function isFailing(state: string): boolean {
  return state === 'failure' || state === 'error';
}

function isPassed(state: string): boolean {
  return state === 'success' || state === 'warning' || state === 'skipped';
}
