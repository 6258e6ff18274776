import type { ForgeType } from '../types.ts';

/** Keys of a Secret that holds a GitHub App, as Flux's source-controller has them. */
export const GITHUB_APP = {
  id: 'githubAppID',
  installation: 'githubAppInstallationID',
  owner: 'githubAppInstallationOwner',
  privateKey: 'githubAppPrivateKey',
  /** The address of the API; without it, that of github.com or of a host below ghe.com. */
  baseUrl: 'githubAppBaseURL',
} as const;

type HasKey = (key: string) => boolean;

/** True for a Secret that is meant to hold a GitHub App, whether its keys are complete or not. */
export function isGitHubApp(has: HasKey): boolean {
  return [GITHUB_APP.id, GITHUB_APP.installation, GITHUB_APP.owner, GITHUB_APP.privateKey].some(has);
}

/**
 * Says in a sentence that begins with the Secret what its keys lack, or have too much of; undefined for a whole
 * app. Flux wants exactly one of the two keys that say which installation is meant.
 */
export function gitHubAppFault(secret: string, type: ForgeType | undefined, has: HasKey): string | undefined {
  if (type !== undefined && type !== 'github') {
    return `${secret} has keys of a GitHub App, which serves forges of type github alone: remove them, and put a token of the forge into the key token.`;
  }
  if (!has(GITHUB_APP.id)) {
    return `${secret} has keys of a GitHub App but no key ${GITHUB_APP.id}: add the App ID from the app's settings.`;
  }
  if (!has(GITHUB_APP.privateKey)) {
    return `${secret} has keys of a GitHub App but no key ${GITHUB_APP.privateKey}: add the private key that GitHub generated for the app.`;
  }
  const [installation, owner] = [has(GITHUB_APP.installation), has(GITHUB_APP.owner)];
  if (installation && owner) {
    return `${secret} has both keys ${GITHUB_APP.installation} and ${GITHUB_APP.owner}: keep one of them.`;
  }
  if (installation || owner) return undefined;
  return `${secret} has keys of a GitHub App but neither ${GITHUB_APP.installation} nor ${GITHUB_APP.owner}: put the installation's ID into the first, or the account that installed the app into the second.`;
}

/**
 * An app whose Secret names no API is one of GitHub's own hosts, as with Flux. Otherwise the token that identifies the
 * app would go to whichever host a Pipeline's author writes. `host` has its port unless it is the scheme's own.
 */
export function appOfOtherHost(secret: string, host: string): string | undefined {
  if (host === 'github.com' || host.endsWith('.ghe.com')) return undefined;
  return `${secret} has keys of a GitHub App and no ${GITHUB_APP.baseUrl}, which makes it an app of github.com or ghe.com, and the repository is at ${host}: put https://${host}/api/v3 into that key if the app is one of this host.`;
}

/** The host of GitHub that a repository is at; Git over SSH has a port of its own, and for github.com a host. */
export function gitHubHostOf(url: URL): string {
  if (url.protocol !== 'ssh:') return url.host;
  const host = url.hostname.toLowerCase();
  return host === 'ssh.github.com' ? 'github.com' : host;
}
