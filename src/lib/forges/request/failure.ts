import { errorMessage, hasCode, type Retry, TurnpikeError } from '../../errors.ts';
import { cut, oneLine } from '../../text/index.ts';
import { GITHUB_APP } from '../credentials/github-app.ts';
import { retryAfterSeconds } from './rate.ts';
import type { ForgeAnswer, ForgeContext, ForgeOperation } from './types.ts';

const MAX_WORDS = 300;

const ACTIONS: Readonly<Record<ForgeOperation, string>> = {
  create: 'open the pull request',
  find: 'look for the pull request',
  get: 'read the pull request',
  token: 'give a token to the GitHub App',
  update: 'change the pull request',
  metadata: 'put labels and people on the pull request',
  comments: 'read the comments of the pull request',
  comment: 'comment on the pull request',
  close: 'close the pull request',
  status: 'set the status of the commit',
  checks: 'read the checks of the commit',
  merge: 'merge the pull request',
  queue: 'put the pull request into the merge queue',
  cancel: 'cancel the auto-merge of the pull request',
};

/** The error for an answer that is a failure: it says who can act on it, and how. */
export function forgeFailure(
  operation: ForgeOperation,
  answer: ForgeAnswer,
  context: ForgeContext,
  now: Date,
): TurnpikeError {
  const said = saidOf(operation, answer, context);
  const { status } = answer;
  if (operation === 'token' && [401, 403, 404, 422].includes(status)) return refusedApp(status, said);
  if (status === 401) return never('ForgeUnauthorized', `${said}: put a valid token into the Secret.`);
  if (status === 403) {
    const advice = `give the token the right to read and write ${subjectOf(operation)} of this repository`;
    return never('ForgeUnauthorized', `${said}: ${advice}.`);
  }
  if (status === 404) {
    const advice =
      'the repository does not exist, or the token lacks the right to see it; check the URL and the token';
    return never('ForgeNotFound', `${said}: ${advice}.`);
  }
  if (status >= 300 && status < 400) {
    const moved = movedTo(answer.headers, context.secrets);
    return never(
      'ForgeNotFound',
      `${said}: the repository has moved${moved}; put its new URL into the Pipeline.`,
    );
  }
  if (status === 405 || status === 408 || status === 409 || status === 423 || status >= 500) {
    const after = retryAfterSeconds(answer.headers, now);
    return unavailable(
      `${said}: it is tried again.`,
      after === undefined ? 'backoff' : { afterSeconds: after },
    );
  }
  return never('ForgeRefused', `${said}.`);
}

/** The error for an answer that is a rate limit; `seconds`: until the next attempt. */
export function rateLimited(
  operation: ForgeOperation,
  answer: ForgeAnswer,
  context: ForgeContext,
  seconds: number,
): TurnpikeError {
  const said = saidOf(operation, answer, context);
  const sentence = `${said}: it limits the rate of requests, the next attempt is in ${seconds} s.`;
  return new TurnpikeError('ForgeRateLimited', sentence, { retry: { afterSeconds: seconds } });
}

function saidOf(operation: ForgeOperation, answer: ForgeAnswer, context: ForgeContext): string {
  const words = forgeWords(answer, context.secrets);
  const asked = `asked to ${ACTIONS[operation]} in ${context.repository}`;
  return `${context.name} at ${context.host}, ${asked}, answered ${answer.status}${words && ` (${words})`}`;
}

/** The error for a refusal that passes by itself, such as of a branch that was pushed a moment ago. */
export function passingFailure(
  operation: ForgeOperation,
  answer: ForgeAnswer,
  context: ForgeContext,
  now: Date,
): TurnpikeError {
  const failure = forgeFailure(operation, answer, context, now);
  if (failure.retry !== 'never') return failure;
  return unavailable(failure.message.replace(/\.$/, ': it is tried again.'), 'backoff');
}

/** The subject that a token needs a right to. */
function subjectOf(operation: ForgeOperation): string {
  if (operation === 'queue') return 'merge queues';
  return operation === 'status' || operation === 'checks' ? 'commit statuses' : 'pull requests';
}

/** A GitHub App fails by its keys, or by where it is installed. */
function refusedApp(status: number, said: string): TurnpikeError {
  if (status === 404) {
    const advice = `check ${GITHUB_APP.installation} or ${GITHUB_APP.owner}, and whether the app is still installed there`;
    return never('ForgeNotFound', `${said}: ${advice}.`);
  }
  if (status === 401) {
    const advice = `check that ${GITHUB_APP.id} and ${GITHUB_APP.privateKey} belong together, and the clock of the cluster`;
    return never('ForgeUnauthorized', `${said}: ${advice}.`);
  }
  const advice = 'look into the settings of the app and of its installation';
  return never('ForgeUnauthorized', `${said}: ${advice}.`);
}

/** The error for a call that got no answer. */
export function forgeUnreachable(
  operation: ForgeOperation,
  error: unknown,
  context: ForgeContext,
): TurnpikeError {
  if (hasCode(error, 'HostNotAllowed', 'SpecInvalid', 'SecretInvalid')) return error;
  const why = bounded(mask(errorMessage(error), context.secrets));
  const sentence = `${context.name} at ${context.host} could not be asked to ${ACTIONS[operation]} in ${context.repository}: ${why}`;
  return unavailable(sentence, 'backoff', error);
}

/**
 * The error for an answer that is not as the forge's description promises. `where` names places in the answer, never
 * the values there.
 */
export function unexpectedResponse(
  operation: ForgeOperation,
  where: readonly string[],
  context: ForgeContext,
): TurnpikeError {
  const asked = `asked to ${ACTIONS[operation]} in ${context.repository}`;
  const sentence = `${context.name} at ${context.host}, ${asked}, gave an answer that does not fit its API (wrong: ${where.join(', ')}): check that the URL and the type of the forge belong together.`;
  return unavailable(sentence, 'backoff');
}

/** The forge's own words: one line, bounded, without the token should it be echoed. */
export function forgeWords(answer: ForgeAnswer, secrets: readonly string[]): string {
  return bounded(mask(textIn(answer.data), secrets));
}

/** The same words where an API is at hand. */
export function wordsOf({ context }: { readonly context: ForgeContext }, answer: ForgeAnswer): string {
  return forgeWords(answer, context.secrets);
}

function textIn(data: unknown): string {
  if (typeof data === 'string') return data.trimStart().startsWith('<') ? '' : data;
  if (typeof data !== 'object' || data === null) return '';
  const { message, errors, error, error_description: more } = data as Record<string, unknown>;
  const details = Array.isArray(errors) ? errors.slice(0, 5).map(detail) : [];
  return [...saidIn(message), ...details, ...saidIn(error), ...saidIn(more)].filter(Boolean).join('; ');
}

/** A text, or as GitLab has it a list of texts, or such lists by field: `{"base": ["is taken"]}`. */
function saidIn(message: unknown): string[] {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return textsIn(message);
  const fields = Object.entries(message).slice(0, 5);
  return fields.flatMap(([field, said]) => textsIn(said).map((one) => `${field} ${one}`));
}

function textsIn(said: unknown): string[] {
  const list: unknown[] = Array.isArray(said) ? said.slice(0, 5) : [said];
  return list.filter((one) => typeof one === 'string');
}

/** The text of one of GitHub's validation errors: `{resource, field, code, message}`, or just a text. */
function detail(error: unknown): string {
  if (typeof error === 'string') return error;
  if (typeof error !== 'object' || error === null) return '';
  const { field, code, message } = error as Record<string, unknown>;
  if (typeof message === 'string') return message;
  return [field, code].filter((part) => typeof part === 'string').join(' is ');
}

function mask(text: string, secrets: readonly string[]): string {
  let masked = text;
  for (const secret of secrets) {
    if (secret.length > 3)
      masked = masked.replaceAll(secret, '***').replaceAll(encodeURIComponent(secret), '***');
  }
  return masked;
}

function bounded(text: string): string {
  return cut(oneLine(text), MAX_WORDS);
}

/** Names only the origin and path of a redirect's target: a query may hold a secret. */
function movedTo(headers: Headers, secrets: readonly string[]): string {
  const location = URL.parse(headers.get('location') ?? '');
  // GitHub names a renamed repository by its number, which people cannot use as an address.
  if (location && /\/repositories\/\d+(\/|$)/.test(location.pathname)) {
    return ': open its page, which leads to the new name';
  }
  return location ? ` to ${bounded(mask(location.origin + location.pathname, secrets))}` : '';
}

function never(
  code: 'ForgeUnauthorized' | 'ForgeNotFound' | 'ForgeRefused',
  sentence: string,
): TurnpikeError {
  return new TurnpikeError(code, sentence);
}

function unavailable(sentence: string, retry: Retry, cause?: unknown): TurnpikeError {
  return new TurnpikeError('ForgeUnavailable', sentence, { retry, cause });
}
