import type { Credentials } from '../credentials/credentials.ts';
import { secretsOf } from '../credentials/masked.ts';
import type { ForgeDeps } from '../deps.ts';
import type { Forge } from '../port.ts';
import { createForgeCall } from '../request/call.ts';
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
import { createSend } from './send.ts';
import { setStatus } from './status.ts';

/** GitLab.com and self-managed GitLab at the root of its host; groups may lie in groups. */
export function createGitLab(repositoryUrl: string, credentials: Credentials, deps: ForgeDeps): Forge {
  const { origin, host, prefix, owner, name } = repositoryAddress(repositoryUrl, 'prefix-allowed');
  const project = `${prefix}/${owner}/${name}`.slice(1);
  const context: ForgeContext = {
    provider: 'gitlab',
    name: 'GitLab',
    host,
    repository: project,
    secrets: secretsOf(credentials),
  };
  const api: Api = {
    project,
    call: createForgeCall(context, deps),
    send: createSend(origin, credentials, deps),
    pageUrl: `${origin}/${project}`,
    context,
    now: deps.now,
  };
  return {
    // Git asked at the page is sent there (https://gitlab.com/gitlab-org/gitlab/-/blob/master/config/routes/git_http.rb).
    ...(!repositoryUrl.startsWith('ssh:') && { cloneUrl: `${origin}/${project}.git` }),
    ...forgeOf(api, {
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
    }),
  };
}
