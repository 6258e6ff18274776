import { BRANCH_RULES } from '../../api/repository.ts';
import { brokenRule } from '../../api/rules.ts';

/** Hosts keep `refs/heads/<branch>` within 255 bytes. */
const MAX_BYTES = 244;

/** The sentence that says why Git would not take this branch name, or undefined. */
export function branchProblem(branch: string): string | undefined {
  if (branch === '') return 'A branch needs a name.';
  return branchLengthProblem(branch) ?? brokenRule(branch, BRANCH_RULES);
}

export function branchLengthProblem(branch: string): string | undefined {
  return isTooLong(branch) ? `A branch's name has at most ${MAX_BYTES} bytes.` : undefined;
}

/** The branch of the pull request that promotes into an environment; the name is the predecessor's. */
export function promotionBranch(namespace: string, name: string, environment: string): string {
  return `promotion-${namespace}-${name}-${environment}`;
}

/** No character takes more than three bytes for each unit of a JavaScript string. */
function isTooLong(branch: string): boolean {
  if (branch.length * 3 <= MAX_BYTES) return false;
  return new TextEncoder().encode(branch).length > MAX_BYTES;
}
