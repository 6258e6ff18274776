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
import { type ReferencePolicy, refusedReference } from './reference-policy.ts';

/** A Secret in the Pipeline's namespace that the spec names, and its use. */
export type SecretReference = HmacReference | ForgeReference | PartReference;

export interface HmacReference {
  readonly use: 'hmac';
  readonly field: string;
  readonly name: string;
  /** Its keys approve a promotion too. */
  readonly approves?: true;
}

export interface ForgeReference {
  readonly use: 'forge';
  readonly field: string;
  readonly name: string;
  /** Undefined if the type is not known. */
  readonly type: ForgeType | undefined;
  /** The URL of the repository that the Secret is for. */
  readonly url: string;
  /** Git alone, or the forge's API too. */
  readonly reaches: 'git' | 'forge';
  /** The parts that other Secrets are named for: their keys are not read here. */
  readonly elsewhere?: readonly SecretPart[];
  /** Name of the Secret with the proxy to the host. */
  readonly proxy?: string;
}

/** A separate Secret for a part that the Secret with the credentials may hold too. */
export interface PartReference {
  readonly use: 'part';
  readonly part: SecretPart;
  readonly field: string;
  readonly name: string;
  /** The URL of the repository that the Secret is for. */
  readonly url: string;
  /** Name of the Secret with the proxy to the host, if the part is used behind one. */
  readonly proxy?: string;
}

export interface ClusterReference {
  readonly field: string;
  readonly key: string;
  readonly ref: ClusterRef;
}

export interface TargetReference {
  readonly field: string;
  readonly namespace: string;
  readonly key: string;
}

/** References of a spec to other objects, each once with the first field that names it. */
export interface References {
  /** The name and namespace of the Pipeline. */
  readonly names: PipelineNames;
  readonly appRef: AppRef;
  readonly secrets: readonly SecretReference[];
  readonly clusters: readonly ClusterReference[];
  /** The applications in Turnpike's own cluster, one a namespace. */
  readonly applications: readonly TargetReference[];
  readonly targets: readonly TargetReference[];
}

/** A rejected reference causes no lookup. */
export function referencesOf(
  spec: PipelineSpec,
  names: PipelineNames,
  policy: ReferencePolicy = {},
): References {
  const targets = targetReferences(spec, names.namespace, policy);
  return {
    names,
    appRef: spec.appRef,
    secrets: secretReferences(spec),
    clusters: clusterReferences(targets, names.namespace),
    // A target of this cluster is its namespace.
    applications: applicationKindProblem(spec.appRef) ? [] : targets.filter(({ ref }) => !ref),
    targets,
  };
}

interface PlacedTarget extends TargetReference {
  readonly ref: ClusterRef | undefined;
}

function targetReferences(
  { environments }: PipelineSpec,
  inNamespace: string,
  policy: ReferencePolicy,
): PlacedTarget[] {
  const references: PlacedTarget[] = [];
  const seen = new Set<string>();
  for (const [index, { targets }] of environments.entries()) {
    const environment = environmentField(index);
    for (const [position, target] of targets.entries()) {
      const key = targetKey(target, inNamespace);
      if (seen.has(key) || refusedReference(target, policy, inNamespace)) continue;
      seen.add(key);
      const field = `${environment}.targets[${position}]`;
      references.push({ field, namespace: target.namespace, key, ref: target.clusterRef });
    }
  }
  return references;
}

function clusterReferences(targets: readonly PlacedTarget[], inNamespace: string): ClusterReference[] {
  const references: ClusterReference[] = [];
  for (const { field, ref } of targets) {
    if (ref) references.push({ field: `${field}.clusterRef.name`, key: clusterKey(ref, inNamespace), ref });
  }
  return firstOf(references, ({ key }) => key);
}

/** Every Secret that the spec names, once for each use of it. */
export function secretReferences(spec: PipelineSpec): SecretReference[] {
  const approving = approvingSecrets(spec);
  const references = promotionsOf(spec).flatMap(({ field, promotion: { strategy } }) => [
    ...(strategy.secretRef
      ? [hmacReference(strategy.secretRef.name, `${field}.strategy.secretRef.name`, approving)]
      : []),
    ...repositoryReferences(strategy['pull-request'], 'forge', `${field}.strategy.pull-request`),
    ...repositoryReferences(strategy.push, 'git', `${field}.strategy.push`),
  ]);
  return firstOf(references, identityOf);
}

/** Returns the same text for references that need the same lookup. */
function identityOf(reference: SecretReference): string {
  switch (reference.use) {
    case 'hmac':
      return `hmac ${reference.name}`;
    case 'part':
      return `${reference.part} ${reference.name} ${reference.url} ${reference.proxy ?? ''}`;
    case 'forge':
      return [
        reference.reaches,
        reference.name,
        reference.type,
        reference.url,
        reference.elsewhere?.join() ?? '',
        reference.proxy ?? '',
      ].join(' ');
  }
}

/** Nothing leads into the first environment. */
function approvingSecrets(spec: PipelineSpec): ReadonlySet<string | undefined> {
  const manual = spec.environments.slice(1).filter((environment) => isManual(spec, environment));
  return new Set(manual.map((environment) => approvalSecret(spec, environment)));
}

function hmacReference(
  name: string,
  field: string,
  approving: ReadonlySet<string | undefined>,
): HmacReference {
  return { use: 'hmac', field, name, ...(approving.has(name) && { approves: true }) };
}

function repositoryReferences(
  settings: PullRequestStrategy | PushStrategy | undefined,
  reaches: ForgeReference['reaches'],
  field: string,
): SecretReference[] {
  if (!settings) return [];
  const { url, secretRef, proxySecretRef } = settings;
  const parts = partsOf(settings);
  const through = proxySecretRef && { proxy: proxySecretRef.name };
  const own: ForgeReference = {
    use: 'forge',
    field: `${field}.secretRef.name`,
    name: secretRef.name,
    type: forgeTypeOf(settings),
    url,
    reaches,
    ...(parts.length > 0 && { elsewhere: parts.map(({ part }) => part) }),
    ...through,
  };
  const others = parts.map(({ part, name, field: below }): PartReference => {
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
