import type { Credentials } from '../credentials/credentials.ts';
import { secretsOf } from '../credentials/masked.ts';
import type { ForgeDeps } from '../deps.ts';
import type { Forge } from '../port.ts';
import { createForgeCall } from '../request/call.ts';
import { createConditionalGet } from '../request/conditional-get.ts';
import { createSendJson } from '../request/send-json.ts';
import { sightingsBy } from '../request/sightings.ts';
import type { ForgeContext } from '../request/types.ts';
import { repositoryAddress } from '../url/repository.ts';
import type { Api } from './api.ts';
import { cancelMerge } from './cancel.ts';
import { close } from './close.ts';
import { comment } from './comment.ts';
import { merge } from './merge.ts';
import { setMetadata } from './metadata.ts';
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
    conditionalGet: createConditionalGet({ type: 'gitea', url: repositoryUrl, credentials }, deps),
    send: createSendJson(`token ${credentials.token}`, credentials, deps),
    repositoryUrl: `${origin}${prefix}/api/v1/repos/${owner}/${name}`,
    pageUrl: `${origin}${prefix}/${owner}/${name}`,
    context,
    sightings: sightingsBy(credentials, deps.sightings),
  };
  return {
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
