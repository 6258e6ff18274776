export { BRANCH_RULES, isBranchName } from './branch-name.ts';
export { IDENTITY, privateKeyProblem } from './private-key.ts';
export { signingProblem } from './signing-key.ts';
