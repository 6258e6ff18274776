export { sameText } from './comment.ts';
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
export type { ForgeDeps } from './deps.ts';
export { createAppTokens } from './github/app-tokens.ts';
export type { Forge, HiddenBy, NewPullRequest, PullRequest } from './port.ts';
export { createForge, webhookOf } from './registry.ts';
export type { Waits } from './request/concurrency.ts';
export type { ForgeRequest } from './request/types.ts';
export { createSharedLimits } from './shared-limits.ts';
export { changedPullRequest, type MissingProof, type Proof } from './webhook.ts';
