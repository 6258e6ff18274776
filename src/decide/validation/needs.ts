import type {
  AppRef,
  ClusterRef,
  PipelineSpec,
  PullRequestStrategy,
  PushStrategy,
} from '../../api/pipeline.ts';
import { type ForgeType, forgeTypeOf } from '../../lib/forges/pure.ts';
import { groupOf } from '../../lib/kube/pure.ts';
import { partsOf, type SecretPart } from '../../lib/net/pure.ts';
import { applicationKindProblem } from '../model/application-kind.ts';
import { approvalSecret, isManual } from '../model/route.ts';
import { clusterKey, targetKey } from '../model/target-key.ts';
import { environmentField } from './problem.ts';
import { type PipelineNames, promotionsOf } from './promotions.ts';
import { type ReferencePolicy, refusedReference } from './references.ts';

/** A Secret in the Pipeline's namespace that the spec names, and what for. */
export type SecretNeed = HmacNeed | ForgeNeed | PartNeed;

export interface HmacNeed {
  readonly use: 'hmac';
  readonly field: string;
  readonly name: string;
  /** Its keys approve a promotion too. */
  readonly approves?: true;
}

export interface ForgeNeed {
  readonly use: 'forge';
  readonly field: string;
  readonly name: string;
  /** Undefined where nobody tells. */
  readonly type: ForgeType | undefined;
  /** Of the repository that the Secret is for. */
  readonly url: string;
  /** Git alone, or the forge's API too. */
  readonly reaches: 'git' | 'forge';
  /** Those that other Secrets are named for: these keys are not read here. */
  readonly elsewhere?: readonly SecretPart[];
  /** Name of the Secret with the proxy on the way there. */
  readonly proxy?: string;
}

/** A Secret of its own for what the Secret with the credentials may hold too. */
export interface PartNeed {
  readonly use: 'part';
  readonly part: SecretPart;
  readonly field: string;
  readonly name: string;
  /** Of the repository that it is for. */
  readonly url: string;
  /** Name of the Secret with the proxy on the way there, where it is used behind one. */
  readonly proxy?: string;
}

export interface ClusterNeed {
  readonly field: string;
  readonly key: string;
  readonly ref: ClusterRef;
}

export interface TargetNeed {
  readonly field: string;
  readonly namespace: string;
  readonly key: string;
}

/** What has to be looked at outside the spec, each thing once with the first field that names it. */
export interface Needs {
  /** Of the Pipeline. */
  readonly names: PipelineNames;
  readonly appRef: AppRef;
  readonly secrets: readonly SecretNeed[];
  readonly clusters: readonly ClusterNeed[];
  /** Of the cluster that Turnpike runs in, one a namespace. */
  readonly applications: readonly TargetNeed[];
  readonly targets: readonly TargetNeed[];
}

/** Nothing is looked up by way of a reference that is refused. */
export function needsOf(spec: PipelineSpec, names: PipelineNames, policy: ReferencePolicy = {}): Needs {
  const targets = targetNeeds(spec, names.namespace, policy);
  return {
    names,
    appRef: spec.appRef,
    secrets: secretNeeds(spec),
    clusters: clusterNeeds(targets, names.namespace),
    // A target of this cluster is its namespace.
    applications: applicationKindProblem(spec.appRef) ? [] : targets.filter(({ ref }) => !ref),
    targets,
  };
}

interface PlacedTarget extends TargetNeed {
  readonly ref: ClusterRef | undefined;
}

function targetNeeds(
  { environments }: PipelineSpec,
  inNamespace: string,
  policy: ReferencePolicy,
): PlacedTarget[] {
  const needs: PlacedTarget[] = [];
  const seen = new Set<string>();
  for (const [index, { targets }] of environments.entries()) {
    const environment = environmentField(index);
    for (const [position, target] of targets.entries()) {
      const key = targetKey(target, inNamespace);
      if (seen.has(key) || refusedReference(target, policy, inNamespace)) continue;
      seen.add(key);
      const field = `${environment}.targets[${position}]`;
      needs.push({ field, namespace: target.namespace, key, ref: target.clusterRef });
    }
  }
  return needs;
}

function clusterNeeds(targets: readonly PlacedTarget[], inNamespace: string): ClusterNeed[] {
  const needs: ClusterNeed[] = [];
  for (const { field, ref } of targets) {
    if (ref) needs.push({ field: `${field}.clusterRef.name`, key: clusterKey(ref, inNamespace), ref });
  }
  return firstOf(needs, ({ key }) => key);
}

/** Every Secret that the spec names, once for each use of it. */
export function secretNeeds(spec: PipelineSpec): SecretNeed[] {
  const approving = approvingSecrets(spec);
  const needs = promotionsOf(spec).flatMap(({ field, promotion: { strategy } }) => [
    ...(strategy.secretRef
      ? [hmacNeed(strategy.secretRef.name, `${field}.strategy.secretRef.name`, approving)]
      : []),
    ...repositoryNeeds(strategy['pull-request'], 'forge', `${field}.strategy.pull-request`),
    ...repositoryNeeds(strategy.push, 'git', `${field}.strategy.push`),
  ]);
  return firstOf(needs, identityOf);
}

/** The same for needs that are the same question. */
function identityOf(need: SecretNeed): string {
  switch (need.use) {
    case 'hmac':
      return `hmac ${need.name}`;
    case 'part':
      return `${need.part} ${need.name} ${need.url} ${need.proxy ?? ''}`;
    case 'forge':
      return [
        need.reaches,
        need.name,
        need.type,
        need.url,
        need.elsewhere?.join() ?? '',
        need.proxy ?? '',
      ].join(' ');
  }
}

/** Nothing leads into the first environment. */
function approvingSecrets(spec: PipelineSpec): ReadonlySet<string | undefined> {
  const manual = spec.environments.slice(1).filter((environment) => isManual(spec, environment));
  return new Set(manual.map((environment) => approvalSecret(spec, environment)));
}

function hmacNeed(name: string, field: string, approving: ReadonlySet<string | undefined>): HmacNeed {
  return { use: 'hmac', field, name, ...(approving.has(name) && { approves: true }) };
}

function repositoryNeeds(
  settings: PullRequestStrategy | PushStrategy | undefined,
  reaches: ForgeNeed['reaches'],
  field: string,
): SecretNeed[] {
  if (!settings) return [];
  const { url, secretRef, proxySecretRef } = settings;
  const parts = partsOf(settings);
  const through = proxySecretRef && { proxy: proxySecretRef.name };
  const own: ForgeNeed = {
    use: 'forge',
    field: `${field}.secretRef.name`,
    name: secretRef.name,
    type: forgeTypeOf(settings),
    url,
    reaches,
    ...(parts.length > 0 && { elsewhere: parts.map(({ part }) => part) }),
    ...through,
  };
  const others = parts.map(({ part, name, field: below }): PartNeed => {
    const isBehind = part === 'tls' || part === 'signing';
    return { use: 'part', part, field: `${field}.${below}.name`, name, url, ...(isBehind && through) };
  });
  return [own, ...others];
}

function firstOf<T>(all: readonly T[], keyOf: (one: T) => string): T[] {
  const byKey = new Map<string, T>();
  for (const one of all) {
    const key = keyOf(one);
    if (!byKey.has(key)) byKey.set(key, one);
  }
  return [...byKey.values()];
}

/** Equal for two Pipelines' targets that are the same application object; the API's version does not matter. */
export function applicationKey({ apiVersion, kind, name }: AppRef, target: string): string {
  return `${groupOf(apiVersion)}/${kind}/${name} in ${target}`;
}

/** The application objects of a Pipeline, by `applicationKey`. */
export function applicationKeys(spec: PipelineSpec, namespace: string): string[] {
  const keys = spec.environments.flatMap(({ targets }) =>
    targets.map((target) => applicationKey(spec.appRef, targetKey(target, namespace))),
  );
  return [...new Set(keys)];
}
