import { parseTemplate, renderTemplate } from '../../lib/text/index.ts';

/** Placeholders that are the same for all revisions: one branch keeps one pull request for an environment. */
export const BRANCH_NAMES = ['namespace', 'pipeline', 'environment'] as const;

/** The name that the predecessor gives. It is not unique: `a-b` and `c` give the same as `a` and `b-c`. */
const BRANCH_TEMPLATE = 'promotion-{{namespace}}-{{pipeline}}-{{environment}}';

/** The branch of the pull request that promotes into an environment. The template has passed the rules for the spec. */
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
