import type { PipelineSpec } from '../../api/pipeline.ts';
import { approvalSecret, promotionInto } from '../route.ts';
import { targetKey } from './environments.ts';
import { environmentField, type FieldProblem } from './problem.ts';

/** What is allowed and yet probably not meant. */
export function specWarnings(spec: PipelineSpec, namespace: string): FieldProblem[] {
  return [...closedWebhooks(spec), ...missingPromotions(spec), ...sharedTargets(spec, namespace)];
}

/** Environments whose promotion names no key, gathered under the promotion where the key would belong. */
function closedWebhooks(spec: PipelineSpec): FieldProblem[] {
  const open = spec.environments.filter((environment, index) => {
    return index > 0 && promotionInto(spec, environment) && !approvalSecret(spec, environment);
  });
  const fields = open.map((environment) => {
    const own = environment.promotion && environmentField(spec.environments.indexOf(environment));
    return `${own ?? 'spec'}.promotion.strategy.secretRef`;
  });
  const message =
    'Without a Secret the promotion webhook is closed (401): deployments are noticed by watching the cluster alone. Name a Secret with the key hmac-key.';
  return [...new Set(fields)].map((field) => ({ rule: 'webhook-open', field, message }));
}

function missingPromotions(spec: PipelineSpec): FieldProblem[] {
  return spec.environments.flatMap((environment, index): FieldProblem[] => {
    if (index === 0 || promotionInto(spec, environment)) return [];
    const message = `No promotion leads into ${environment.name}: write one here, or spec.promotion for all environments.`;
    return [{ rule: 'promotion-into-each', field: `${environmentField(index)}.promotion`, message }];
  });
}

/** The same object in two environments always runs one revision in both. */
function sharedTargets(spec: PipelineSpec, namespace: string): FieldProblem[] {
  const owners = new Map<string, string>();
  return spec.environments.flatMap(({ name, targets }, index) =>
    targets.flatMap((target, position): FieldProblem[] => {
      const key = targetKey(target, namespace);
      const owner = owners.get(key);
      owners.set(key, owner ?? name);
      if (owner === undefined || owner === name) return [];
      const message = `This is a target of ${owner} too: both environments will always run the same revision.`;
      const field = `${environmentField(index)}.targets[${position}]`;
      return [{ rule: 'target-shared', field, message }];
    }),
  );
}
