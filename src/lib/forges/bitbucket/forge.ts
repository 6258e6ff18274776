import type { Credentials } from '../credentials/credentials.ts';
import { secretsOf } from '../credentials/masked.ts';
import type { ForgeDeps } from '../deps.ts';
import type { Forge } from '../port.ts';
import { createForgeCall } from '../request/call.ts';
import { createConditionalGet } from '../request/conditional-get.ts';
import { createSendJson } from '../request/send-json.ts';
import type { ForgeContext } from '../request/types.ts';
import { bitbucketAddress } from './address.ts';
import type { Api } from './api.ts';
import { cancelMerge } from './cancel.ts';
import { close } from './close.ts';
import { comment } from './comment.ts';
import { merge } from './merge.ts';
import { setMetadata } from './metadata.ts';
import { compareUrl, create, find, get, MAX_DESCRIPTION, update } from './pulls.ts';
import { setStatus } from './status.ts';

/** Bitbucket Data Center, also below a path such as `https://host/bitbucket/scm/PROJECT/repository.git`. */
export function createBitbucket(repositoryUrl: string, credentials: Credentials, deps: ForgeDeps): Forge {
  const address = bitbucketAddress(repositoryUrl);
  const { origin, prefix, project, name } = address;
  const context: ForgeContext = {
    provider: 'bitbucket-server',
    name: 'Bitbucket',
    host: address.host,
    repository: `${project}/${name}`,
    secrets: secretsOf(credentials),
  };
  const api: Api = {
    address,
    repositoryUrl: `${origin}${prefix}/rest/api/1.0/projects/${project}/repos/${name}`,
    buildsUrl: `${origin}${prefix}/rest/build-status/1.0`,
    pageUrl: `${origin}${prefix}/projects/${project}/repos/${name}`,
    call: createForgeCall(context, deps),
    conditionalGet: createConditionalGet({ type: 'bitbucket-server', url: repositoryUrl, credentials }, deps),
    send: createSendJson(`Bearer ${credentials.token}`, credentials, deps),
    context,
  };
  return {
    maxBody: MAX_DESCRIPTION,
    // Tags are shown: https://confluence.atlassian.com/bitbucketserver/markdown-syntax-guide-776639995.html
    hiddenBy: 'reference',
    ...(!repositoryUrl.startsWith('ssh:') && { cloneUrl: `${origin}${prefix}/scm/${project}/${name}.git` }),
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
