export {
  appOfOtherHost,
  GITHUB_APP,
  gitHubAppFault,
  gitHubHostOf,
  isGitHubApp,
} from './credentials/github-app.ts';
export { GATES_OPEN } from './status.ts';
export { FORGE_TYPES, type ForgeType, kindOf, MERGE_METHODS, type MergeMethod } from './types.ts';
export { forgeUrlProblem } from './url/fit.ts';
export { forgeTypeOf, forgeTypeProblem } from './url/forge-type.ts';
export { isSameRepository } from './url/same-repository.ts';
