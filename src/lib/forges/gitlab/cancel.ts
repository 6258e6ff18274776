import * as v from 'valibot';
import { TurnpikeError } from '../../errors.ts';
import { FIRST_FAULT } from '../../first-fault.ts';
import type { PullRequest } from '../port.ts';
import type { ForgeAnswer } from '../request/types.ts';
import { type Api, read, requestUrl } from './api.ts';

/** GitLab answers failures with 201 as well, and names the real status in the body. */
const Failed = v.object({ status: v.literal('error'), http_status: v.number() });

/** 404: it does not exist any more; 405: it is not open. */
const OVER = [404, 405];
/** The status for an auto-merge that was not asked for, or that GitLab could not take back. */
const NOT_CANCELLED = 406;

/** https://docs.gitlab.com/api/merge_requests/#cancel-merge-when-pipeline-succeeds */
export async function cancelMerge(api: Api, { number }: PullRequest): Promise<void> {
  const url = requestUrl(api, number, '/cancel_merge_when_pipeline_succeeds');
  const send = async () => said(await api.send({ method: 'POST', url, body: {} }));
  const accepted = [...OVER, NOT_CANCELLED];
  const { status } = await api.call('cancel', send, (answer) => accepted.includes(answer.status));
  if (status !== NOT_CANCELLED || !(await read(api, number))?.merge_when_pipeline_succeeds) return;
  const { name, host, repository } = api.context;
  const sentence = `${name} at ${host} did not cancel the auto-merge of pull request ${number} of ${repository}: it is tried again.`;
  throw new TurnpikeError('ForgeUnavailable', sentence);
}

function said(answer: ForgeAnswer): ForgeAnswer {
  const failed = v.safeParse(Failed, answer.data, FIRST_FAULT);
  if (failed.success) return { ...answer, status: failed.output.http_status };
  // The merge request could be read a moment ago, so the missing right is that to merge.
  return answer.status === 401 ? { ...answer, status: 403 } : answer;
}
