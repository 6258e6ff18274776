import type { PullRequestRef } from '../../api/pipeline.ts';
import type { PullRequestTask, TaskResult } from '../../decide/promotion/task.ts';
import { defined } from '../../lib/defined.ts';
import { TurnpikeError } from '../../lib/errors.ts';
import type { Forge, PullRequest } from '../../lib/forges/index.ts';
import { isOurs, mergedWhere } from './known-pull-request.ts';
import { closingNote, saysClosing, withClosing, withoutClosing } from './names.ts';

type TaskForge = Pick<
  Forge,
  'get' | 'update' | 'close' | 'setStatus' | 'merge' | 'cancelMerge' | 'maxBody' | 'hiddenBy'
>;

export interface TaskOptions {
  /** `namespace/name/environment`: whose the pull request has to be. */
  readonly owner: string;
  /** The branch that it has to come from. */
  readonly head: string;
  /** The branch that it goes to, as it is recorded. */
  readonly base: string;
  /** The one that it has to go to by now. */
  readonly meant: string;
  readonly now: Date;
}

const DONE: TaskResult = { kind: 'done' };

/**
 * Does for a pull request what was decided. Whose it is is looked at first: its number may be another repository's by
 * now. What is not open any more needs nothing.
 */
export async function runTask(
  forge: TaskForge,
  task: PullRequestTask,
  ref: PullRequestRef,
  options: TaskOptions,
): Promise<TaskResult> {
  const pull = await forge.get(ref.number);
  if (!pull || !isOurs(pull, ref, options)) return DONE;
  if (pull.state === 'merged') {
    return { kind: 'done', found: mergedWhere(pull, options), base: pull.base };
  }
  if (pull.state === 'closed') return foundClosed(pull, task);
  if (task.kind === 'merge') {
    const held = heldBack(pull, ref);
    if (held) return held;
  }
  const isNeeded = task.kind !== 'close' && ref.closing === undefined;
  if (isNeeded) await takeBackClosing(forge, pull);
  return carryOut(forge, task, { pull, ref, options });
}

/** A process may have ended between closing it and recording that. */
function foundClosed({ body }: PullRequest, task: PullRequestTask): TaskResult {
  const wasUs = task.kind === 'close' && saysClosing(body);
  return wasUs ? DONE : { kind: 'done', found: 'closed' };
}

/** As long as a body may be on most forges. */
const MAX_BODY = 60_000;

/** A forge that refuses to change the text may let it be closed all the same. */
async function noteClosing(forge: TaskForge, { number, title, body }: PullRequest, reason: string) {
  const note = closingNote(reason, forge.hiddenBy);
  const noted = withClosing(body, note);
  if (body.includes(note) || noted.length > (forge.maxBody ?? MAX_BODY)) return;
  try {
    await forge.update(number, { title, body: noted });
  } catch (error) {
    if (!(error instanceof TurnpikeError) || error.retry !== 'never' || error.code === 'NotLeading')
      throw error;
  }
}

/** It was to be closed and is needed again: who closes it now is a person. */
async function takeBackClosing(forge: TaskForge, { number, title, body }: PullRequest) {
  if (saysClosing(body)) await forge.update(number, { title, body: withoutClosing(body) });
}

interface Subject {
  readonly pull: PullRequest;
  readonly ref: PullRequestRef;
  readonly options: TaskOptions;
}

async function carryOut(forge: TaskForge, task: PullRequestTask, subject: Subject): Promise<TaskResult> {
  const { pull, ref } = subject;
  switch (task.kind) {
    case 'close':
      await noteClosing(forge, pull, task.reason);
      await forge.close(pull, task.reason);
      return DONE;
    case 'cancel-merge':
      await forge.cancelMerge(pull);
      return DONE;
    case 'check': {
      const { state, description } = task;
      const { url, number, commit } = ref;
      if (commit !== undefined)
        await forge.setStatus(commit, { state, description, url, pullRequest: number });
      return DONE;
    }
    case 'merge':
      return merge(forge, task, subject);
  }
}

/** Tells what keeps it from being merged before the forge is asked. */
function heldBack(
  { draft, mergeable, base }: PullRequest,
  { commit }: PullRequestRef,
): TaskResult | undefined {
  if (draft) return { kind: 'waits', reason: 'It is a draft.' };
  if (mergeable !== undefined) {
    return { kind: 'waits', reason: `It has to be rebuilt on ${base} first.`, outdated: true };
  }
  if (commit !== undefined) return undefined;
  return { kind: 'waits', reason: 'It is not known which commit was pushed for it: it is left to people.' };
}

async function merge(
  forge: TaskForge,
  { mayWait, method }: Extract<PullRequestTask, { kind: 'merge' }>,
  { pull, ref, options: { base, now } }: Subject,
): Promise<TaskResult> {
  const { commit = '', pushedAt, scheduled } = ref;
  const outcome = await forge.merge(pull, commit, {
    base,
    mayWait,
    now,
    ...defined({ method, scheduled, pushedAt }),
  });
  switch (outcome.kind) {
    case 'merged':
      return DONE;
    case 'scheduled':
      return { kind: 'scheduled' };
    case 'not-yet':
      // Not at the next look: the forge may merge it as soon as its checks have passed.
      if (outcome.isOtherHead) await forge.cancelMerge(pull);
      return { kind: 'waits', reason: outcome.reason, outdated: outcome.mergeable !== undefined };
  }
}
