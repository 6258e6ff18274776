import type { Credentials } from './credentials/credentials.ts';
import type { ForgeDeps } from './deps.ts';
import type { Api } from './gitea/api.ts';
import { cancelMerge } from './gitea/cancel.ts';
import { close } from './gitea/close.ts';
import { comment } from './gitea/comment.ts';
import { merge } from './gitea/merge.ts';
import { decorate } from './gitea/metadata.ts';
import { compareUrl, create, find, get, update } from './gitea/pulls.ts';
import { setStatus } from './gitea/status.ts';
import type { Forge } from './port.ts';
import { createForgeCall } from './request/call.ts';
import { sightingsBy } from './request/sightings.ts';
import type { ForgeContext } from './request/types.ts';
import { createSendJson, forgeOf, secretsOf } from './shared.ts';
import { repositoryAddress } from './url/repository.ts';

/** Gitea and Forgejo, also below a path such as `https://host/git/owner/repository`. */
export function createGitea(repositoryUrl: string, credentials: Credentials, deps: ForgeDeps): Forge {
  const { origin, host, prefix, owner, name } = repositoryAddress(repositoryUrl, 'prefix-allowed');
  const context: ForgeContext = {
    provider: 'gitea',
    name: 'Gitea',
    host,
    repository: `${owner}/${name}`,
    secrets: secretsOf(credentials),
  };
  const api: Api = {
    call: createForgeCall(context, deps),
    send: createSendJson(`token ${credentials.token}`, credentials, deps),
    repositoryUrl: `${origin}${prefix}/api/v1/repos/${owner}/${name}`,
    pageUrl: `${origin}${prefix}/${owner}/${name}`,
    context,
    sightings: sightingsBy(credentials, deps.sightings),
  };
  return forgeOf(api, {
    create,
    find,
    get,
    update,
    decorate,
    comment,
    close,
    setStatus,
    merge,
    cancelMerge,
    compareUrl,
  });
}
