import type { Credentials } from '../credentials/credentials.ts';
import { secretsOf } from '../credentials/masked.ts';
import type { ForgeDeps } from '../deps.ts';
import type { Forge } from '../port.ts';
import { createForgeCall } from '../request/call.ts';
import { createConditionalGet } from '../request/conditional-get.ts';
import { createSendJson } from '../request/send-json.ts';
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

/** GitLab.com and self-managed GitLab at the root of its host; groups may lie in groups. */
export function createGitLab(repositoryUrl: string, credentials: Credentials, deps: ForgeDeps): Forge {
  const { origin, host, prefix, owner, name } = repositoryAddress(repositoryUrl, 'prefix-allowed');
  const project = `${prefix}/${owner}/${name}`.slice(1);
  const apiUrl = `${origin}/api/v4`;
  const context: ForgeContext = {
    provider: 'gitlab',
    name: 'GitLab',
    host,
    repository: project,
    secrets: secretsOf(credentials),
  };
  const api: Api = {
    apiUrl,
    projectUrl: `${apiUrl}/projects/${encodeURIComponent(project)}`,
    call: createForgeCall(context, deps),
    conditionalGet: createConditionalGet({ type: 'gitlab', url: repositoryUrl, credentials }, deps),
    // Serves personal, group and project tokens and those of OAuth.
    send: createSendJson(`Bearer ${credentials.token}`, credentials, deps),
    pageUrl: `${origin}/${project}`,
    context,
    now: deps.now,
  };
  return {
    // GitLab redirects Git from the page to there
    // (https://gitlab.com/gitlab-org/gitlab/-/blob/master/config/routes/git_http.rb).
    ...(!repositoryUrl.startsWith('ssh:') && { cloneUrl: `${origin}/${project}.git` }),
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
