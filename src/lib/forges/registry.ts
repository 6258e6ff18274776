import { createAzure } from './azure/forge.ts';
import { createBitbucket } from './bitbucket/forge.ts';
import type { Credentials } from './credentials/credentials.ts';
import type { ForgeDeps } from './deps.ts';
import { createGitea } from './gitea/forge.ts';
import { createGitHub } from './github/forge.ts';
import { createGitLab } from './gitlab/forge.ts';
import { guarded } from './guarded.ts';
import type { Forge } from './port.ts';
import type { ForgeType } from './types.ts';

/**
 * @throws TurnpikeError SpecInvalid for a URL that names no repository
 */
export function createForge(
  type: ForgeType,
  repositoryUrl: string,
  credentials: Credentials,
  deps: ForgeDeps,
): Forge {
  return guarded(createOne(type, repositoryUrl, credentials, deps));
}

function createOne(type: ForgeType, repositoryUrl: string, credentials: Credentials, deps: ForgeDeps): Forge {
  switch (type) {
    case 'github':
      return createGitHub(repositoryUrl, credentials, deps);
    case 'gitea':
      return createGitea(repositoryUrl, credentials, deps);
    case 'gitlab':
      return createGitLab(repositoryUrl, credentials, deps);
    case 'bitbucket-server':
      return createBitbucket(repositoryUrl, credentials, deps);
    case 'azure-devops':
      return createAzure(repositoryUrl, credentials, deps);
    default:
      return type satisfies never;
  }
}
