import { TurnpikeError } from '../errors.ts';
import { shapeProblem } from '../net/pure.ts';
import { createAzure } from './azure/forge.ts';
import { webhook as azureWebhook } from './azure/webhook.ts';
import { createBitbucket } from './bitbucket/forge.ts';
import { webhook as bitbucketWebhook } from './bitbucket/webhook.ts';
import type { Credentials } from './credentials/credentials.ts';
import type { ForgeDeps } from './deps.ts';
import { createGitea } from './gitea/forge.ts';
import { webhook as giteaWebhook } from './gitea/webhook.ts';
import { createGitHub } from './github/forge.ts';
import { webhook as gitHubWebhook } from './github/webhook.ts';
import { createGitLab } from './gitlab/forge.ts';
import { webhook as gitLabWebhook } from './gitlab/webhook.ts';
import { guarded } from './guarded.ts';
import type { Forge } from './port.ts';
import type { ForgeType } from './types.ts';
import { otherHostProblem } from './url/fit.ts';
import type { Webhook } from './webhook.ts';

interface Host {
  readonly create: (repositoryUrl: string, credentials: Credentials, deps: ForgeDeps) => Forge;
  readonly webhook: Webhook;
}

/** All forges that Turnpike can work with, one line a host. */
const HOSTS: Readonly<Record<ForgeType, Host>> = {
  github: { create: createGitHub, webhook: gitHubWebhook },
  gitlab: { create: createGitLab, webhook: gitLabWebhook },
  'bitbucket-server': { create: createBitbucket, webhook: bitbucketWebhook },
  gitea: { create: createGitea, webhook: giteaWebhook },
  'azure-devops': { create: createAzure, webhook: azureWebhook },
};

/**
 * The forge of one repository.
 *
 * @throws TurnpikeError SpecInvalid for a URL that names no repository on such a forge: what `shapeProblem` and
 * `forgeUrlProblem` refuse
 */
export function createForge(
  type: ForgeType,
  repositoryUrl: string,
  credentials: Credentials,
  deps: ForgeDeps,
): Forge {
  const forge = guarded(HOSTS[type].create(repositoryUrl, credentials, deps));
  const problem = shapeProblem(repositoryUrl) ?? otherHostProblem(type, repositoryUrl);
  if (problem !== undefined) throw new TurnpikeError('SpecInvalid', problem);
  return forge;
}

export function webhookOf(type: ForgeType): Webhook {
  return HOSTS[type].webhook;
}
