import { Octokit } from '@octokit/rest';
import type { Credentials } from '../credentials/credentials.ts';
import type { ForgeDeps } from '../deps.ts';
import { requestBounds } from '../request/send-json.ts';
import type { ForgeAnswer } from '../request/types.ts';
import type { RepositoryAddress } from '../url/repository.ts';

/** Between two requests that write, as GitHub asks: https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api */
export const WRITE_GAP_MS = 1000;

/** The API's address: https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api */
export function gitHubApi(address: RepositoryAddress): string {
  if (address.host === 'github.com') return 'https://api.github.com';
  if (address.host.endsWith('.ghe.com')) return `https://api.${address.host}`;
  return `${address.origin}/api/v3`;
}

export function createOctokit(baseUrl: string, credentials: Credentials, deps: ForgeDeps): Octokit {
  const send = (url: string, init: RequestInit) =>
    deps.outbound.send({
      url,
      method: init.method ?? 'GET',
      headers: init.headers as Record<string, string>,
      ...requestBounds(credentials, deps),
      ...(typeof init.body === 'string' && { body: init.body }),
    });
  const quiet = () => {};
  return new Octokit({
    auth: credentials.token,
    baseUrl,
    userAgent: 'turnpike',
    // createForgeCall logs every request; Octokit's own messages would bypass the log.
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    request: { fetch: send },
  });
}

/** Octokit throws for a failure that has an answer; here both are answers. */
export async function answerOf(
  sent: Promise<{ readonly status: number; readonly headers: object; readonly data: unknown }>,
): Promise<ForgeAnswer> {
  try {
    const { status, headers, data } = await sent;
    return { status, headers: toHeaders(headers), data };
  } catch (error) {
    const response = responseOf(error);
    if (response) return { ...response, headers: toHeaders(response.headers) };
    // Octokit wraps errors of our own fetch; the original says more.
    throw error instanceof Error && error.cause !== undefined ? error.cause : error;
  }
}

function responseOf(error: unknown): { status: number; headers: object; data: unknown } | undefined {
  return error instanceof Error && 'response' in error
    ? (error.response as { status: number; headers: object; data: unknown } | undefined)
    : undefined;
}

function toHeaders(headers: object): Headers {
  const result = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) result.set(name, String(value));
  }
  return result;
}
