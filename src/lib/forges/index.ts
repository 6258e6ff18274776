export { createAppTokens } from './credentials/app-tokens.ts';
export {
  type Credentials,
  credentialsFrom,
  forGit,
  gitCredentialsFrom,
  type PartSecret,
  type PartSecrets,
  type PushCredentials,
  proxyFrom,
  type SecretCredentials,
} from './credentials/credentials.ts';
export {
  createForge,
  type Forge,
  type ForgeDeps,
  type HiddenBy,
  type NewPullRequest,
  type PullRequest,
} from './port.ts';
export type { ForgeRequest } from './request/call.ts';
export type { Waits } from './request/concurrency.ts';
export { createForgeMemory } from './request/shared-limits.ts';
export { sameText } from './shared.ts';
