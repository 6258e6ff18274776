import { errorMessage, type Retry, TurnpikeError } from '../../api/errors.ts';
import { cut, MAX_QUOTED, oneLine } from '../../decide/text.ts';
import { displayUrl } from '../outbound.ts';
import type { GitCredentials } from '../workspace.ts';
import { redact } from './credentials.ts';

/** The other side, for messages. */
export interface Remote {
  /** The URL without credentials. */
  readonly name: string;
  readonly credentials: GitCredentials;
}

/** The error that an HTTP answer means, or undefined when it is the answer asked for. */
export async function answerProblem(response: Response, remote: Remote): Promise<TurnpikeError | undefined> {
  const { status } = response;
  if (status === 200) return undefined;
  const words = serverWords(await response.text(), remote);
  if (status === 401 || status === 403) {
    const message = `${remote.name} refuses the credentials (HTTP ${status}): check the Secret that secretRef names.${words}`;
    return new TurnpikeError('GitUnauthorized', message, { retry: 'never' });
  }
  if (status === 404 || status === 410) {
    const message = `${remote.name} does not exist, or these credentials may not see it (HTTP ${status}).${words}`;
    return new TurnpikeError('GitRepositoryNotFound', message, { retry: 'never' });
  }
  if (status >= 300 && status < 400) return moved(response, remote);
  const retry = retryAfter(response.headers.get('retry-after'));
  return new TurnpikeError('GitUnavailable', `${remote.name} answered with HTTP ${status}.${words}`, {
    retry,
  });
}

function moved(response: Response, remote: Remote): TurnpikeError {
  const location = displayUrl(response.headers.get('location') ?? '').replace(/\/info\/refs$/, '');
  const target = quotation(location, remote);
  const message = `${remote.name} redirects to ${target}: redirects are not followed; if it has moved there, set url to that.`;
  return new TurnpikeError('GitRepositoryNotFound', message, { retry: 'never' });
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

/** What others say, bounded, on one line and without secrets. */
export function quotation(text: string, { credentials }: Remote): string {
  return cut(oneLine(redact(text, credentials)), MAX_QUOTED);
}

/** For what is neither the server's refusal nor ours: broken answers and broken local copies. */
export function unusable(error: unknown, remote: Remote): TurnpikeError {
  const message = `${remote.name} could not be fetched, or its answer not be used: ${quotation(errorMessage(error), remote)}`;
  return new TurnpikeError('GitUnavailable', message, { cause: error });
}
