import type { PipelineSpec, PullRequestStrategy } from '../../api/pipeline.ts';
import { isSameRepository } from '../../lib/forges/pure.ts';
import { branchLengthProblem, branchProblem } from '../../lib/git/pure.ts';
import { parseTemplate } from '../../lib/text/index.ts';
import { BRANCH_NAMES, promotionBranch } from '../model/promotion-branch.ts';
import { destinationOf, promotionInto } from '../model/route.ts';
import { environmentField, type FieldProblem } from './problem.ts';

interface UsedBranch {
  readonly environment: string;
  readonly url: string;
  readonly branch: string;
}

interface HeadBranch extends UsedBranch {
  /** The template of the name, and the field that holds it. */
  readonly template: string | undefined;
  readonly field: string;
  /** Nothing is promoted into the first environment. */
  readonly isFirst: boolean;
}

export interface PipelineNames {
  readonly namespace: string;
  readonly name: string;
}

/**
 * The branch is named after the environment, or by a template, and belongs to it alone: it is neither another
 * environment's branch nor a base branch.
 */
export function promotionBranchProblems(spec: PipelineSpec, names: PipelineNames): FieldProblem[] {
  const heads = headBranches(spec, names);
  const bases = baseBranches(spec);
  const found = new Map<string, FieldProblem>();
  for (const [index, head] of heads.entries()) {
    const problem = headProblem(head, bases, heads.slice(0, index));
    // Several environments may share one template.
    if (problem && !found.has(problem.field)) found.set(problem.field, problem);
  }
  return [...found.values()];
}

/** The faults of the template itself. */
export function branchTemplateProblems(
  { branch }: Pick<PullRequestStrategy, 'branch'>,
  field: string,
): FieldProblem[] {
  if (branch === undefined) return [];
  const parsed = parseTemplate(branch, BRANCH_NAMES);
  return 'problem' in parsed ? [{ rule: 'template', field, value: branch, message: parsed.problem }] : [];
}

function headBranches(spec: PipelineSpec, { namespace, name }: PipelineNames): HeadBranch[] {
  return spec.environments.flatMap((environment, index) => {
    const settings = promotionInto(spec, environment)?.strategy['pull-request'];
    if (!settings || branchTemplateProblems(settings, '').length > 0) return [];
    const { branch: template, url } = settings;
    const isFirst = index === 0;
    if (isFirst && template !== undefined) return [];
    const holder = environment.promotion ? `${environmentField(index)}.promotion` : 'spec.promotion';
    const field =
      template === undefined ? `${environmentField(index)}.name` : `${holder}.strategy.pull-request.branch`;
    const branch = promotionBranch(namespace, name, environment.name, template);
    return [{ environment: environment.name, url, branch, template, field, isFirst }];
  });
}

function baseBranches(spec: PipelineSpec): UsedBranch[] {
  return spec.environments.flatMap((environment) => {
    const strategy = promotionInto(spec, environment)?.strategy;
    const into = strategy && destinationOf(strategy);
    return into ? [{ environment: environment.name, ...into }] : [];
  });
}

function headProblem(
  head: HeadBranch,
  bases: readonly UsedBranch[],
  before: readonly HeadBranch[],
): FieldProblem | undefined {
  const { branch, template, environment, field } = head;
  const base = bases.find((one) => isInTheWay(head, one));
  const other = before.find((one) => isMade(head, one) && isInTheWay(head, one));
  const wrong = base ? baseProblem(head, base) : other ? otherProblem(head, other) : nameProblem(head);
  if (wrong === undefined) return undefined;
  const value = template ?? environment;
  if (template === undefined) {
    const message = `The branch of its pull requests would be ${branch}. ${wrong} Choose another name.`;
    return { rule: 'promotion-branch', field, value, message };
  }
  const message = `The branch of pull requests into ${environment} would be ${branch}. ${wrong}`;
  return { rule: 'promotion-branch', field, value, message };
}

/** Two environments of one name are a separate fault. */
function isMade(one: HeadBranch, other: HeadBranch): boolean {
  return !one.isFirst && !other.isFirst && one.environment !== other.environment;
}

/** True if both have one name, or one would be a directory where the other one is a file. */
function isInTheWay(one: UsedBranch, other: UsedBranch): boolean {
  if (one.branch !== other.branch && !isBelow(one, other) && !isBelow(other, one)) return false;
  return isSameRepository(one.url, other.url);
}

function isBelow(one: UsedBranch, other: UsedBranch): boolean {
  return one.branch.startsWith(`${other.branch}/`);
}

function baseProblem({ branch }: HeadBranch, base: UsedBranch): string {
  if (branch === base.branch) return 'It is the base branch.';
  return `Git cannot store it next to the branch ${base.branch}, which is the base branch.`;
}

function otherProblem({ branch, template = '' }: HeadBranch, other: HeadBranch): string {
  if (branch !== other.branch) {
    return `Git cannot store it next to the branch ${other.branch}, which is the one into ${other.environment}.`;
  }
  const cure = template.includes('environment') ? '' : ' Put {{environment}} into it.';
  return `The branch into ${other.environment} would have the same name.${cure}`;
}

/** The parts of a name without a template have rules of their own, so that only its length is checked. */
function nameProblem({ branch, template }: HeadBranch): string | undefined {
  return template === undefined ? branchLengthProblem(branch) : branchProblem(branch);
}
