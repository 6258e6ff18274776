import { BRANCH_RULES } from '../../lib/git/pure.ts';
import { brokenRule, parseTemplate, renderTemplate } from '../../lib/text/index.ts';

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

/** What is the same for all revisions: there is one pull request for an environment as long as there is one branch. */
export const BRANCH_NAMES = ['namespace', 'pipeline', 'environment'] as const;

/** The name that the predecessor gives. It is not unique: `a-b` and `c` give the same as `a` and `b-c`. */
const BRANCH_TEMPLATE = 'promotion-{{namespace}}-{{pipeline}}-{{environment}}';

/** The branch of the pull request that promotes into an environment. A template is one that the spec's rules let pass. */
export function promotionBranch(
  namespace: string,
  pipeline: string,
  environment: string,
  template: string = BRANCH_TEMPLATE,
): string {
  const parsed = parseTemplate(template, BRANCH_NAMES);
  if ('problem' in parsed) throw new Error(`the template of a branch was not checked: ${parsed.problem}`);
  return renderTemplate(parsed.template, { namespace, pipeline, environment });
}

/** No character takes more than three bytes for each unit of a JavaScript string. */
function isTooLong(branch: string): boolean {
  if (branch.length * 3 <= MAX_BYTES) return false;
  return new TextEncoder().encode(branch).length > MAX_BYTES;
}
