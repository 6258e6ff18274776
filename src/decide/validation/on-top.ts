import {
  type Approvals,
  type Environment,
  GATES_OF_FIRST,
  NOT_MANUAL,
  NOTHING_BELOW,
  ON_TOP,
  type PipelineSpec,
  PROMOTION_AND_GATES,
} from '../../api/pipeline.ts';
import type { FieldProblem } from './problem.ts';
import { environmentField } from './problem.ts';

/**
 * Checks the fields of an environment that override the Pipeline's promotion, and that there is a promotion to
 * override.
 */
export function onTopProblems(spec: PipelineSpec): FieldProblem[] {
  return spec.environments.flatMap((environment, index) => {
    const message = misplaced(spec, environment, index);
    const field = environmentField(index);
    if (message === undefined) return approvalProblems(environment, field);
    return ON_TOP.flatMap((name): FieldProblem[] => {
      if (environment[name] === undefined) return [];
      return [{ rule: 'gates-on-top', field: `${field}.${name}`, message }];
    });
  });
}

function misplaced(spec: PipelineSpec, environment: Environment, index: number): string | undefined {
  if (index === 0) return GATES_OF_FIRST;
  if (environment.promotion) return PROMOTION_AND_GATES;
  return spec.promotion ? undefined : NOTHING_BELOW;
}

interface Asked {
  readonly manual?: boolean | undefined;
  readonly approvals?: Approvals | undefined;
}

/** Rejects rules that are not enforced: one approval by anybody is the only rule that is. */
export function approvalProblems({ manual, approvals }: Asked, field: string): FieldProblem[] {
  if (!approvals) return [];
  const { required = 1, groups, notBy } = approvals;
  const problem = (below: string, message: string): FieldProblem => {
    return { rule: 'approvals', field: `${field}.${below}`, message };
  };
  return [
    ...(manual === false ? [problem('manual', NOT_MANUAL)] : []),
    ...(required > 1
      ? [problem('approvals.required', `${YET} require more than one approval: write 1.`)]
      : []),
    ...(groups ? [problem('approvals.groups', `${YET} require approvals of groups: remove it.`)] : []),
    ...(notBy ? [problem('approvals.notBy', `${YET} keep anybody from approving: remove it.`)] : []),
  ];
}

const YET = 'This version of Turnpike cannot';
