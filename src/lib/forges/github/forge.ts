import type { Credentials } from '../credentials/credentials.ts';
import { secretsOf } from '../credentials/masked.ts';
import type { ForgeDeps } from '../deps.ts';
import type { Forge } from '../port.ts';
import { createForgeCall } from '../request/call.ts';
import { createConditionalGet } from '../request/conditional-get.ts';
import type { ForgeContext } from '../request/types.ts';
import { repositoryAddress } from '../url/repository.ts';
import type { Api } from './api.ts';
import { cancelMerge } from './cancel.ts';
import { close } from './close.ts';
import { comment } from './comment.ts';
import { merge } from './merge.ts';
import { setMetadata } from './metadata.ts';
import { createOctokit, gitHubApi, WRITE_GAP_MS } from './octokit.ts';
import { compareUrl, create, find, get, update } from './pulls.ts';
import { setStatus } from './status.ts';

/** GitHub, GitHub Enterprise Server and GitHub Enterprise Cloud with data residency. */
export function createGitHub(repositoryUrl: string, credentials: Credentials, deps: ForgeDeps): Forge {
  const address = repositoryAddress(repositoryUrl, 'no-prefix');
  const context: ForgeContext = {
    provider: 'github',
    name: 'GitHub',
    host: address.host,
    repository: `${address.owner}/${address.name}`,
    secrets: secretsOf(credentials),
    writeGapMs: WRITE_GAP_MS,
    ...(credentials.account !== undefined && { account: credentials.account }),
  };
  const api: Api = {
    repository: { owner: address.owner, repo: address.name },
    octokit: createOctokit(gitHubApi(address), credentials, deps),
    call: createForgeCall(context, deps),
    conditionalGet: createConditionalGet({ type: 'github', url: repositoryUrl, credentials }, deps),
    pageUrl: `${address.origin}/${address.owner}/${address.name}`,
    context,
    now: deps.now,
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
