import * as v from 'valibot';
import { TurnpikeError } from '../../errors.ts';
import { FIRST_FAULT } from '../../first-fault.ts';
import { forgeFailure, forgeWords } from '../request/failure.ts';
import type { ForgeAnswer, ForgeContext } from '../request/types.ts';

/**
 * Rights for Turnpike's uses of a token of a GitHub App: Git, pull requests with their labels, people and comments, and
 * the status of commits. Reading the repository's metadata is always among a token's rights.
 * https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
 */
export const APP_RIGHTS = { contents: 'write', pull_requests: 'write', statuses: 'write' } as const;

/**
 * Rights that a base branch with a merge queue takes; most apps do not need them.
 * https://docs.github.com/en/webhooks/webhook-events-and-payloads#merge_group names the right.
 */
export const QUEUE_RIGHTS = { ...APP_RIGHTS, merge_queues: 'write' } as const;

type Right = keyof typeof APP_RIGHTS;

/** The names of rights in the settings of an app. */
const NAMES: Readonly<Record<Right, string>> = {
  contents: 'Contents',
  pull_requests: 'Pull requests',
  statuses: 'Commit statuses',
};

/** https://docs.github.com/en/rest/apps/apps#get-an-installation-for-the-authenticated-app */
const Installation = v.object({ permissions: v.record(v.string(), v.string()) });

const NOT_GRANTED = /permissions requested are not granted/i;
const NOT_THERE = /repositor(y|ies) that does not exist or is not accessible/i;

/**
 * Reports whether the installation may lack some of the rights that were asked for; an older server, which knows fewer
 * of them, answers with another message.
 */
export function mayLackRights(answer: ForgeAnswer, { secrets }: ForgeContext): boolean {
  return answer.status === 422 && !NOT_THERE.test(forgeWords(answer, secrets));
}

export interface Refused {
  readonly answer: ForgeAnswer;
  readonly repository: string;
  readonly context: ForgeContext;
  readonly now: Date;
}

/** The error for an installation that gives no such token. `lookUp` asks for the rights that it has been granted. */
export async function refusedRights(
  { answer, repository, context, now }: Refused,
  lookUp: () => Promise<ForgeAnswer>,
): Promise<TurnpikeError> {
  const words = forgeWords(answer, context.secrets);
  const asked = `${context.name} at ${context.host} gives no token of ${context.repository} for the repository ${repository}`;
  if (NOT_THERE.test(words)) {
    const advice = `give the installation of the app access to the repository ${repository}, or correct the URL`;
    return new TurnpikeError('ForgeNotFound', `${asked} (${words}): ${advice}.`);
  }
  if (!NOT_GRANTED.test(words)) return forgeFailure('token', answer, context, now);
  const lacking = missingRights((await lookUp()).data);
  const advice = `give the app ${lacking} in its settings, read and write, and accept the change where it is installed`;
  return new TurnpikeError('ForgeUnauthorized', `${asked} (${words}): ${advice}.`);
}

/** The rights that the installation lacks; all where it does not say. */
function missingRights(data: unknown): string {
  const parsed = v.safeParse(Installation, data, FIRST_FAULT);
  const granted = parsed.success ? parsed.output.permissions : {};
  const all = Object.keys(APP_RIGHTS) as Right[];
  const lacking = all.filter((right) => granted[right] !== APP_RIGHTS[right] && granted[right] !== 'admin');
  const named = (lacking.length > 0 ? lacking : all).map((right) => NAMES[right]);
  return new Intl.ListFormat('en').format(named);
}
