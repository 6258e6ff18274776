import { createHash } from 'node:crypto';
import { createAppAuth } from '@octokit/auth-app';
import * as v from 'valibot';
import { createSingleFlight, putBounded, untilAborted } from '../../async/index.ts';
import { TurnpikeError } from '../../errors.ts';
import type { GitHubApp } from '../credentials/app-keys.ts';
import type { AppCredentials, Credentials } from '../credentials/credentials.ts';
import { appOfOtherHost, GITHUB_APP } from '../credentials/github-app.ts';
import type { ForgeDeps } from '../deps.ts';
import { createForgeCall } from '../request/call.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import type { ForgeCall, ForgeContext } from '../request/types.ts';
import { type RepositoryAddress, repositoryAddress } from '../url/repository.ts';
import { APP_RIGHTS, mayLackRights, QUEUE_RIGHTS, refusedRights } from './app-rights.ts';
import { answerOf, createOctokit, gitHubApi } from './octokit.ts';

/** https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app */
const Token = v.object({ token: v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/)), expires_at: v.string() });
const Found = v.object({ id: v.pipe(v.number(), v.safeInteger()) });

interface KnownToken {
  readonly token: string;
  /** Milliseconds since 1970, some time before the token expires. */
  readonly until: number;
}

/** Tokens of GitHub Apps, one for all promotions with the same app, key, installation and repository. */
export interface AppTokens {
  /**
   * Returns the credentials for this repository by an app's Secret.
   *
   * @throws TurnpikeError the codes of `createForgeCall`; SecretInvalid; the signal's own reason
   */
  credentials(secret: AppCredentials, repositoryUrl: string, signal?: AbortSignal): Promise<Credentials>;
  /** Drops a token that was refused: the next one may have rights that it lacks. */
  forget(credentials: Credentials): void;
}

/** A promotion may take a while with the token that it began with; GitHub's last an hour. */
const SPARE_MS = 10 * 60_000;
const MAX_KNOWN = 1_000;

export function createAppTokens(deps: ForgeDeps): AppTokens {
  const known = new Map<string, KnownToken>();
  const asking = createSingleFlight<string>();

  async function renew(key: string, secret: AppCredentials, installed: Installed): Promise<string> {
    const { token, expires_at } = await askForToken(secret, installed, deps);
    putBounded(known, key, { token, until: Date.parse(expires_at) - SPARE_MS }, MAX_KNOWN);
    return token;
  }

  /** Asks once at a time for a repository; calls in the meantime wait for the same answer. */
  function tokenOf(secret: AppCredentials, installed: Installed): Promise<string> {
    const key = tokenKey(installed);
    const last = known.get(key);
    if (last && deps.now().getTime() < last.until) return Promise.resolve(last.token);
    return asking.run(key, () => renew(key, secret, installed));
  }

  return {
    async credentials(secret, repositoryUrl, signal) {
      const address = repositoryAddress(repositoryUrl, 'no-prefix');
      refuseOtherApi(secret.app, address);
      const account = accountOf(secret, address);
      // Other callers go on waiting: the request under way is theirs as well.
      const token = await untilAborted(tokenOf(secret, { address, account }), signal);
      const { app: _, password, ...rest } = secret;
      // Over HTTPS the token is the password.
      const passphrase = repositoryUrl.startsWith('ssh:') && password !== undefined ? { password } : {};
      return { token, account, ...rest, ...passphrase };
    },
    forget({ account, token }) {
      if (account === undefined) return;
      for (const [key, one] of known) if (one.token === token) known.delete(key);
    },
  };
}

/** GitHub compares names of repositories without regard to case. */
function tokenKey({ account, address }: Installed): string {
  return JSON.stringify([account, `${address.owner}/${address.name}`.toLowerCase(), APP_RIGHTS]);
}

/**
 * Names the app and its installation for all uses of its private key through one proxy: limits count for that account.
 */
function accountOf({ app, proxy }: AppCredentials, address: RepositoryAddress): string {
  const { id, installation, privateKey } = app;
  const parts = [gitHubApi(address), id, installation, privateKey, ...(proxy === undefined ? [] : [proxy])];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/**
 * The API's URL follows from the repository; a key that says otherwise would send tokens elsewhere. The author of the
 * URL need not be the author of the Secret: one without that key is an app of github.com.
 */
function refuseOtherApi({ baseUrl }: GitHubApp, address: RepositoryAddress): void {
  const expected = gitHubApi(address);
  if (baseUrl === undefined) {
    const fault = appOfOtherHost('The Secret', address.host);
    if (fault !== undefined) throw new TurnpikeError('SecretInvalid', fault);
    return;
  }
  const named = baseUrl.replace(/\/$/, '').toLowerCase();
  if (named === expected || named === new URL(expected).origin) return;
  const sentence = `The key ${GITHUB_APP.baseUrl} of the Secret is not the API of the repository's forge, ${expected}: set it to that, or remove the key.`;
  throw new TurnpikeError('SecretInvalid', sentence);
}

interface Installed {
  readonly address: RepositoryAddress;
  readonly account: string;
}

async function askForToken(secret: AppCredentials, { address, account }: Installed, deps: ForgeDeps) {
  const { id, installation, privateKey } = secret.app;
  // The library's own requests are not used: it shares those under way by the installation's ID alone, even of another
  // host or another private key.
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
  const ask = (permissions: typeof APP_RIGHTS) => {
    const request = { installation_id: number, repositories: [address.name], permissions };
    const send = () => answerOf(apps.createInstallationAccessToken(request));
    return call('token', send, ({ status }) => status === 422);
  };
  const wished = await ask(QUEUE_RIGHTS);
  const answer = mayLackRights(wished, context) ? await ask(APP_RIGHTS) : wished;
  if (answer.status !== 422) return parsedAnswer(Token, 'token', answer.data, context);
  const refused = { answer, repository: address.name, context, now: deps.now() };
  const readGranted = () => answerOf(apps.getInstallation({ installation_id: number }));
  throw await refusedRights(refused, () => call('token', readGranted));
}

type Apps = ReturnType<typeof createOctokit>['rest']['apps'];

/** Organizations are asked for first, as most owners are; a user's name is never an organization's too. */
async function lookUp(apps: Apps, call: ForgeCall, owner: string, context: ForgeContext): Promise<number> {
  const ofOrganization = () => answerOf(apps.getOrgInstallation({ org: owner }));
  const answer = await call('token', ofOrganization, ({ status }) => status === 404);
  const found =
    answer.status === 404
      ? await call('token', () => answerOf(apps.getUserInstallation({ username: owner })))
      : answer;
  return parsedAnswer(Found, 'token', found.data, context).id;
}
