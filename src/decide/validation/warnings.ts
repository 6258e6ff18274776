import type { PipelineSpec } from '../../api/pipeline.ts';
import { approvalSecret, eventSecret, promotionInto } from '../model/route.ts';
import { clusterKey, targetKey } from '../model/target-key.ts';
import { gateWarnings } from './gates.ts';
import { environmentField, type FieldProblem } from './problem.ts';
import { gatesOf } from './promotions.ts';

/** Warns of settings that are allowed but suspicious. */
export function specWarnings(
  spec: PipelineSpec,
  { namespace, requireEventCluster = false }: WarningOptions,
): FieldProblem[] {
  return [
    ...closedWebhooks(spec),
    ...missingPromotions(spec),
    ...gatesOf(spec).flatMap(({ field, gates }) => gateWarnings(gates, field)),
    ...sharedTargets(spec, namespace),
    ...(requireEventCluster ? [] : sharedNamespaces(spec, namespace)),
  ];
}

export interface WarningOptions {
  /** The namespace of the Pipeline. */
  readonly namespace: string;
  /** Events must name their cluster. */
  readonly requireEventCluster?: boolean | undefined;
}

/** Environments whose promotion names no key, grouped under the promotion that the key would belong to. */
function closedWebhooks(spec: PipelineSpec): FieldProblem[] {
  const open = spec.environments.filter((environment, index) => {
    return index > 0 && promotionInto(spec, environment) && !approvalSecret(spec, environment);
  });
  const fields = open.map((environment) => {
    const own = environment.promotion && environmentField(spec.environments.indexOf(environment));
    return `${own ?? 'spec'}.promotion.strategy.secretRef`;
  });
  const message =
    'Without a Secret the promotion webhook is closed (401): deployments are noticed only by watching the cluster. Name a Secret with the key hmac-key.';
  return [...new Set(fields)].map((field) => ({ rule: 'webhook-open', field, message }));
}

function missingPromotions(spec: PipelineSpec): FieldProblem[] {
  return spec.environments.flatMap((environment, index): FieldProblem[] => {
    if (index === 0 || promotionInto(spec, environment)) return [];
    const message = `No promotion is configured for ${environment.name}: write one here, or spec.promotion for all environments.`;
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

interface TargetCluster {
  /** The index of the environment. */
  readonly index: number;
  readonly cluster: string;
}

/**
 * A sender who can sign an event about one environment, or has seen one, can send it about another one whose events the
 * same key signs and whose application is in a namespace of the same name. One warning for each environment.
 */
function sharedNamespaces(spec: PipelineSpec, namespace: string): FieldProblem[] {
  const places = new Map<string, TargetCluster[]>();
  return spec.environments.flatMap(({ targets }, index): FieldProblem[] => {
    const secret = eventSecret(spec, index);
    if (secret === undefined) return [];
    const warnings = targets.flatMap((target, position): FieldProblem[] => {
      const cluster = target.clusterRef ? clusterKey(target.clusterRef, namespace) : '';
      const known = places.get(`${secret}/${target.namespace}`) ?? [];
      places.set(`${secret}/${target.namespace}`, [...known, { index, cluster }]);
      const other = known.find((one) => one.index !== index && one.cluster !== cluster);
      if (!other) return [];
      const field = `${environmentField(index)}.targets[${position}]`;
      const message = `${spec.environments[other.index]?.name} has the namespace ${target.namespace} on another cluster, and the same Secret ${secret}: events cannot be told apart. ${remedy(spec, other.index)}`;
      return [{ rule: 'event-cluster', field, message }];
    });
    return warnings.slice(0, 1);
  });
}

/** The last environment has the key of the one before. */
function remedy({ environments }: PipelineSpec, index: number): string {
  const own = index === environments.length - 2 ? 'namespaces' : 'keys or namespaces';
  return `Set eventMetadata.cluster in their Alerts and --require-event-cluster, or use other ${own}.`;
}
