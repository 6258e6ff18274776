import type { Credentials } from '../credentials/credentials.ts';
import { secretsOf } from '../credentials/masked.ts';
import type { ForgeDeps } from '../deps.ts';
import type { Forge } from '../port.ts';
import { createForgeCall } from '../request/call.ts';
import { createConditionalGet } from '../request/conditional-get.ts';
import { createSendJson, type SendJson } from '../request/send-json.ts';
import type { ForgeContext } from '../request/types.ts';
import { azureAddress } from './address.ts';
import type { Api } from './api.ts';
import { cancelMerge } from './cancel.ts';
import { close } from './close.ts';
import { comment } from './comment.ts';
import { identitiesUrl } from './identities.ts';
import { merge } from './merge.ts';
import { setMetadata } from './metadata.ts';
import { compareUrl, create, find, get, MAX_DESCRIPTION, update } from './pulls.ts';
import { setStatus } from './status.ts';
import { callWithVersions, versionsBy, withVersions } from './versions.ts';

/** Azure DevOps Services and Server. */
export function createAzure(repositoryUrl: string, credentials: Credentials, deps: ForgeDeps): Forge {
  const { origin, host, path, name } = azureAddress(repositoryUrl);
  const organization = path.slice(0, path.lastIndexOf('/'));
  const context: ForgeContext = {
    provider: 'azure-devops',
    name: 'Azure DevOps',
    host,
    repository: `${path.slice(1)}/${name}`,
    secrets: [...secretsOf(credentials), basic(credentials.token)],
  };
  const send = createSendJson(authorizationOf(credentials), credentials, deps);
  const api: Api = {
    organizationUrl: origin + organization,
    identitiesUrl: identitiesUrl(origin, organization),
    projectUrl: `${origin}${path}/_apis`,
    repositoryUrl: `${origin}${path}/_apis/git/repositories/${name}`,
    pageUrl: `${origin}${path}/_git/${name}`,
    call: callWithVersions(createForgeCall(context, deps), context),
    conditionalGet: createConditionalGet({ type: 'azure-devops', url: repositoryUrl, credentials }, deps),
    send: withVersions(refusing(send), versionsBy(credentials, deps.azureVersions)),
    context,
  };
  return {
    maxBody: MAX_DESCRIPTION,
    create: (input) => create(api, input),
    find: (head, base) => find(api, head, base),
    get: (number) => get(api, number),
    update: (number, change) => update(api, number, change),
    setMetadata: (pull, wanted) => setMetadata(api, pull, wanted),
    comment: (pull, text) => comment(api, pull, text),
    close: (pull, reason) => close(api, pull, reason),
    setStatus: (commit, status) => setStatus(api, commit, status),
    merge: (pull, commit, options) => merge(api, pull, commit, options),
    cancelMerge: (pull) => cancelMerge(api, pull),
    compareUrl: (base, head) => compareUrl(api, base, head),
  };
}

/**
 * A token of Entra is a bearer's:
 * https://learn.microsoft.com/en-us/azure/devops/repos/git/auth-overview
 */
function authorizationOf({ token, bearerToken }: Credentials): string {
  return token === bearerToken ? `Bearer ${token}` : `Basic ${basic(token)}`;
}

/** A personal access token is a password without a user. */
function basic(token: string): string {
  return Buffer.from(`:${token}`).toString('base64');
}

/** Turns the sign-in page, which Azure shows for an invalid token with 203 or a redirect, into 401. */
function refusing(send: SendJson): SendJson {
  return async (request) => {
    const answer = await send(request);
    const signIn =
      answer.status === 203 ||
      (answer.status === 302 && /_signin|login/.test(answer.headers.get('location') ?? ''));
    return signIn ? { ...answer, status: 401, data: '' } : answer;
  };
}
