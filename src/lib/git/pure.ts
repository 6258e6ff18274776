export { BRANCH_RULES, branchLengthProblem, branchProblem, MAX_BRANCH_BYTES } from './branch-name.ts';
export { IDENTITY, privateKeyProblem } from './private-key.ts';
export { signingProblem } from './signing-key.ts';
