import { errorMessage, type Retry, TurnpikeError } from '../errors.ts';
import { displayUrl, mediaType } from '../net/index.ts';
import { cut, MAX_QUOTED, oneLine } from '../text/index.ts';
import { redact } from './credentials.ts';
import { redirectTarget, repositoryOf } from './redirect.ts';
import { ADVICE, type Advice, type GitCredentials } from './remote.ts';
import { isSignInPage, isSignInUrl } from './sign-in.ts';

/** The other side, for messages. */
export interface Remote {
  /** The URL without credentials. */
  readonly name: string;
  readonly credentials: GitCredentials;
  /** `ADVICE` unless given. */
  readonly advice?: Advice | undefined;
}

export function adviceOf({ advice = ADVICE }: Remote): Advice {
  return advice;
}

/** The error for an HTTP answer, or undefined when it is the answer that was asked for. */
export async function answerProblem(response: Response, remote: Remote): Promise<TurnpikeError | undefined> {
  const { status } = response;
  if (status === 200) return undefined;
  if (status >= 300 && status < 400) return moved(response, remote);
  // Azure DevOps (https://github.com/MicrosoftDocs/vsts-rest-api-specs/issues/97).
  if (status === 203 && mediaType(response) === HTML) return signIn(`HTTP ${status}`, remote);
  const words = serverWords(await response.text(), remote);
  if (status === 401 || status === 403) {
    const message = `${remote.name} refuses the credentials (HTTP ${status}): ${adviceOf(remote).credentials}.${words}`;
    return new TurnpikeError('GitUnauthorized', message);
  }
  if (status === 404 || status === 410) {
    const message = `${remote.name} does not exist, or these credentials may not see it (HTTP ${status}).${words}`;
    return new TurnpikeError('GitRepositoryNotFound', message);
  }
  const retry = retryAfter(response.headers.get('retry-after'));
  return new TurnpikeError('GitUnavailable', `${remote.name} answered with HTTP ${status}.${words}`, {
    retry,
  });
}

function moved(response: Response, remote: Remote): TurnpikeError {
  const { name } = remote;
  const target = redirectTarget(response, `${name}/info/refs`);
  const shown = target && quotation(repositoryOf(displayUrl(target.href)), remote);
  if (target && isSignInUrl(target)) return signIn(`HTTP ${response.status} to ${shown}`, remote);
  const message = shown
    ? `${name} redirects to ${shown}: redirects are not followed; if it has moved there, set url to that.`
    : `${name} redirects without saying where to (HTTP ${response.status}): check the URL.`;
  return new TurnpikeError('GitRepositoryNotFound', message);
}

function signIn(how: string, remote: Remote): TurnpikeError {
  const message = `${remote.name} shows a sign-in page in place of the repository (${how}): ${adviceOf(remote).token}, and check the URL.`;
  return new TurnpikeError('GitUnauthorized', message);
}

const HTML = 'text/html';

/** The error for an answer with the status 200 that is not Git's. */
export async function notGit(response: Response, remote: Remote): Promise<TurnpikeError> {
  const type = mediaType(response) ?? 'nothing';
  if (type !== HTML) {
    const shown = cut(quotation(type, remote), 80);
    const message = `${remote.name} did not answer as a Git server does (content type ${shown}): check the URL.`;
    return new TurnpikeError('GitUnavailable', message);
  }
  if (isSignInPage(await response.text())) return signIn('HTTP 200', remote);
  const message = `${remote.name} answered with a web page (HTTP 200, text/html) and not as a Git server does: check the URL, and that no proxy in front of the server answers in its place.`;
  return new TurnpikeError('GitUnavailable', message);
}

/** Seconds only; a date is rare and backing off does as well. */
function retryAfter(value: string | null): Retry {
  return value !== null && /^\d{1,5}$/.test(value) ? { afterSeconds: Number(value) } : 'backoff';
}

/** ` It says: …`; empty for HTML and silence. */
export function serverWords(text: string, remote: Remote): string {
  const words = /^\s*</.test(text) ? '' : quotation(text, remote);
  return words === '' ? '' : ` It says: ${words}`;
}

/** Quotes others: bounded, on one line and without secrets. */
export function quotation(text: string, { credentials }: Remote): string {
  return cut(oneLine(redact(text, credentials)), MAX_QUOTED);
}

/** The error for faults that are neither the server's refusal nor ours: broken answers and broken local copies. */
export function unusable(error: unknown, remote: Remote): TurnpikeError {
  const message = `${remote.name} could not be fetched: ${quotation(errorMessage(error), remote)}`;
  return new TurnpikeError('GitUnavailable', message, { cause: error });
}
