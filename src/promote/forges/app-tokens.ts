import { createHash } from 'node:crypto';
import { createAppAuth } from '@octokit/auth-app';
import * as v from 'valibot';
import { TurnpikeError } from '../../api/errors.ts';
import { GITHUB_APP } from '../../decide/github-app.ts';
import type { GitHubApp } from './app-keys.ts';
import { createForgeCall, type ForgeCall, type ForgeContext } from './call.ts';
import type { AppCredentials, Credentials } from './credentials.ts';
import type { ForgeDeps } from './forge.ts';
import { answerOf, createOctokit, gitHubApi } from './octokit.ts';
import { type RepositoryAddress, repositoryAddress } from './repository.ts';
import { parsedAnswer } from './shared.ts';

/** https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app */
const Token = v.object({ token: v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/)), expires_at: v.string() });
const Found = v.object({ id: v.pipe(v.number(), v.safeInteger()) });

interface Known {
  readonly token: string;
  /** Milliseconds since 1970, some time before the token expires. */
  readonly until: number;
}

/** Tokens of GitHub Apps, one for all promotions with the same app, key and installation. */
export interface AppTokens {
  /**
   * What an app's Secret comes to for this repository.
   *
   * @throws TurnpikeError the codes of `createForgeCall`; SecretInvalid; the signal's own reason
   */
  credentials(secret: AppCredentials, repositoryUrl: string, signal?: AbortSignal): Promise<Credentials>;
  /** The token was refused: the next one may have rights that it lacks. */
  forget(credentials: Credentials): void;
}

/** A promotion may take a while with the token that it began with; GitHub's last an hour. */
const SPARE_MS = 10 * 60_000;
const MAX_KNOWN = 1_000;

export function createAppTokens(deps: ForgeDeps): AppTokens {
  const known = new Map<string, Known>();
  const underWay = new Map<string, Promise<string>>();

  async function renew(account: string, secret: AppCredentials, address: RepositoryAddress): Promise<string> {
    const { token, expires_at } = await askForToken(secret, { address, account }, deps);
    for (const [key, { until }] of known) {
      if (until <= deps.now().getTime() || known.size >= MAX_KNOWN) known.delete(key);
    }
    known.set(account, { token, until: Date.parse(expires_at) - SPARE_MS });
    return token;
  }

  /** One request at a time for an installation; who comes meanwhile waits for its answer. */
  function tokenOf(account: string, secret: AppCredentials, address: RepositoryAddress): Promise<string> {
    const last = known.get(account);
    if (last && deps.now().getTime() < last.until) return Promise.resolve(last.token);
    const asked =
      underWay.get(account) ?? renew(account, secret, address).finally(() => underWay.delete(account));
    underWay.set(account, asked);
    return asked;
  }

  return {
    async credentials(secret, repositoryUrl, signal) {
      const address = repositoryAddress(repositoryUrl, 'no-prefix');
      refuseOtherApi(secret.app, address);
      const account = accountOf(secret.app, address);
      const token = await orAborted(tokenOf(account, secret, address), signal);
      const { app: _, password, ...rest } = secret;
      // Over HTTPS the token is the password.
      const passphrase = repositoryUrl.startsWith('ssh:') && password !== undefined ? { password } : {};
      return { token, account, ...rest, ...passphrase };
    },
    forget({ account, token }) {
      if (account !== undefined && known.get(account)?.token === token) known.delete(account);
    },
  };
}

/** Names the app and its installation for everyone who has its private key. */
function accountOf({ id, installation, privateKey }: GitHubApp, address: RepositoryAddress): string {
  const parts = [gitHubApi(address), id, installation, privateKey];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** Where the API is follows from the repository; a key that says otherwise would send tokens elsewhere. */
function refuseOtherApi({ baseUrl }: GitHubApp, address: RepositoryAddress): void {
  const expected = gitHubApi(address);
  const named = baseUrl?.replace(/\/$/, '').toLowerCase();
  if (named === undefined || named === expected || named === new URL(expected).origin) return;
  const sentence = `The key ${GITHUB_APP.baseUrl} of the Secret is not the API of the repository's forge, ${expected}: put that there, or take the key out.`;
  throw new TurnpikeError('SecretInvalid', sentence, { retry: 'never' });
}

interface Installed {
  readonly address: RepositoryAddress;
  readonly account: string;
}

async function askForToken(secret: AppCredentials, { address, account }: Installed, deps: ForgeDeps) {
  const { id, installation, privateKey } = secret.app;
  // The library's own requests are not used: it shares those under way by the installation's ID alone, be
  // they of another host or another private key.
  const { token: jwt } = await createAppAuth({ appId: id, privateKey })({ type: 'app' });
  const context: ForgeContext = {
    provider: 'github',
    name: 'GitHub',
    host: address.host,
    repository: 'id' in installation ? `installation ${installation.id}` : installation.owner,
    secrets: [jwt],
    account: `${account} app`,
  };
  const call = createForgeCall(context, deps);
  const { apps } = createOctokit(gitHubApi(address), { ...secret, token: jwt }, deps).rest;
  const number =
    'id' in installation ? installation.id : await lookUp(apps, call, installation.owner, context);
  const send = () => answerOf(apps.createInstallationAccessToken({ installation_id: number }));
  const { data } = await call('token', send);
  return parsedAnswer(Token, 'token', data, context);
}

type Apps = ReturnType<typeof createOctokit>['rest']['apps'];

/** Organizations are most; the name of a user is none of an organization. */
async function lookUp(apps: Apps, call: ForgeCall, owner: string, context: ForgeContext): Promise<number> {
  const ofOrganization = () => answerOf(apps.getOrgInstallation({ org: owner }));
  const answer = await call('token', ofOrganization, ({ status }) => status === 404);
  const found =
    answer.status === 404
      ? await call('token', () => answerOf(apps.getUserInstallation({ username: owner })))
      : answer;
  return parsedAnswer(Found, 'token', found.data, context).id;
}

/** The others go on to wait: the request under way is theirs as well. */
async function orAborted<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return work;
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
