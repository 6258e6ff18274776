import type { AttemptTime } from '../../lib/async/index.ts';
import { hasCode } from '../../lib/errors.ts';
import {
  type Credentials,
  createAppTokens,
  type ForgeDeps,
  type SecretCredentials,
} from '../../lib/forges/index.ts';
import type { PullRequestPromoter } from './port.ts';

/** Gives a promoter that works with tokens those of GitHub Apps, and asks for new ones where one is refused. */
export function withAppTokens(
  promoter: PullRequestPromoter<Credentials>,
  deps: ForgeDeps,
): PullRequestPromoter {
  const tokens = createAppTokens(deps);

  async function forgetting<T>(credentials: Credentials, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isRefused(error)) tokens.forget(credentials);
      throw error;
    }
  }

  async function using<T>(
    secret: SecretCredentials,
    work: (credentials: Credentials) => Promise<T>,
    { url, time }: { readonly url: string; readonly time?: AttemptTime | undefined },
  ): Promise<T> {
    const credentials = 'app' in secret ? await tokens.credentials(secret, url, time?.signal) : secret;
    return forgetting(credentials, () => work(credentials));
  }

  return {
    prepare: (request, settings, secret, time) => {
      const prepare = async (credentials: Credentials) => {
        const { carryOut, discard } = await promoter.prepare(request, settings, credentials, time);
        return { carryOut: () => forgetting(credentials, carryOut), discard };
      };
      return using(secret, prepare, { url: settings.url, time });
    },
    runTask: (request, secret, time) =>
      using(secret, (credentials) => promoter.runTask(request, credentials, time), {
        url: request.settings.url,
        time,
      }),
    state: (request, secret, time) =>
      using(secret, (credentials) => promoter.state(request, credentials, time), {
        url: request.settings.url,
        time,
      }),
    find: (request, secret, time) =>
      using(secret, (credentials) => promoter.find(request, credentials, time), {
        url: request.settings.url,
        time,
      }),
    inBase: (request, settings, secret, time) =>
      using(secret, (credentials) => promoter.inBase(request, settings, credentials, time), {
        url: settings.url,
        time,
      }),
  };
}

/** A token has the rights and the repositories that its app had when it was made. */
function isRefused(error: unknown): boolean {
  return hasCode(error, 'ForgeUnauthorized', 'ForgeNotFound', 'GitUnauthorized', 'GitRepositoryNotFound');
}
