import type { Credentials } from '../credentials/credentials.ts';
import { secretsOf } from '../credentials/masked.ts';
import type { ForgeDeps } from '../deps.ts';
import type { Forge } from '../port.ts';
import { createForgeCall } from '../request/call.ts';
import { createSendJson } from '../request/send-json.ts';
import { sightingsBy } from '../request/sightings.ts';
import type { ForgeContext } from '../request/types.ts';
import { forgeOf } from '../shared.ts';
import { repositoryAddress } from '../url/repository.ts';
import type { Api } from './api.ts';
import { cancelMerge } from './cancel.ts';
import { close } from './close.ts';
import { comment } from './comment.ts';
import { merge } from './merge.ts';
import { decorate } from './metadata.ts';
import { compareUrl, create, find, get, update } from './pulls.ts';
import { setStatus } from './status.ts';

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
