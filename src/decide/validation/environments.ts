import type { Environment, PipelineSpec } from '../../api/pipeline.ts';
import { targetKey } from '../model/target-key.ts';
import { environmentField, type FieldProblem } from './problem.ts';

/** At least one environment, names of their own, at least one target each, no target twice. */
export function environmentProblems(spec: PipelineSpec, namespace: string): FieldProblem[] {
  if (spec.environments.length === 0) {
    const message = 'Write at least one environment.';
    return [{ rule: 'length', field: 'spec.environments', message }];
  }
  return spec.environments.flatMap((environment, index) => [
    ...nameProblems(spec.environments, index),
    ...targetProblems(environment, environmentField(index), namespace),
  ]);
}

function nameProblems(environments: readonly Environment[], index: number): FieldProblem[] {
  const value = environments[index]?.name;
  const first = environments.findIndex((environment) => environment.name === value);
  if (value === undefined || first === index) return [];
  const message = `${environmentField(first)} is already called ${value}: give each environment a name of its own.`;
  return [{ rule: 'environment-name-unique', field: `${environmentField(index)}.name`, value, message }];
}

function targetProblems({ targets }: Environment, field: string, namespace: string): FieldProblem[] {
  if (targets.length === 0) {
    const message =
      'Write at least one target: the namespace where the application runs in this environment.';
    return [{ rule: 'environment-has-target', field: `${field}.targets`, message }];
  }
  const keys = targets.map((target) => targetKey(target, namespace));
  return keys.flatMap((key, index): FieldProblem[] => {
    const first = keys.indexOf(key);
    if (first === index) return [];
    const message = `This is the same target as ${field}.targets[${first}]: remove one of them.`;
    return [{ rule: 'target-unique', field: `${field}.targets[${index}]`, message }];
  });
}
