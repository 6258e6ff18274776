import * as v from 'valibot';
import { API_VERSION, KIND } from '../../api/group.ts';
import { namespaceName, objectName } from '../../api/names.ts';
import {
  alsoManagedBy,
  applicationKey,
  applicationKeys,
  checkReferences,
  checkSpec,
  type FieldProblem,
  type Findings,
  mergeFindings,
  NO_FINDINGS,
  NO_OBJECTS,
  parseSpec,
  type References,
  referencesOf,
  type SpecPolicy,
  schemaProblems,
  unknownFields,
  unknownObjectFields,
} from '../../decide/validation.ts';
import type { ClusterHosts } from '../../lib/net/index.ts';
import { cut } from '../../lib/text/index.ts';
import { kubeconfigWarning } from '../../observe/clusters/kubeconfig-warning.ts';
import { foreignSecretProblem } from '../../observe/clusters/source.ts';
import { type Manifest, textOf } from './objects.ts';
import { fileProblem, type Problem } from './problem.ts';
import type { SecretIndex } from './secrets.ts';

/** Faults of one kind in one Pipeline that are shown: nobody reads more. */
const MAX_PROBLEMS = 200;
const MAX_PROBLEMS_IN_ALL = 10_000;
/** Stands for the namespace that a file leaves to `kubectl -n` or kustomize; messages have to name one. */
const DEFAULT_NAMESPACE = 'default';

const Metadata = v.object({
  name: objectName('Name of the Pipeline.'),
  namespace: v.optional(namespaceName('Namespace of the Pipeline.')),
});

/** All faults of these Pipelines. */
export function checkPipelines(
  pipelines: readonly Manifest[],
  secrets: SecretIndex,
  given: Given,
): Problem[] {
  const otherManager = createOtherManager(pipelines);
  const found: Problem[] = [];
  for (const pipeline of pipelines) {
    if (found.length > MAX_PROBLEMS_IN_ALL) return [...found, unchecked(pipeline)];
    const { problems, warnings } = findingsOf(pipeline, { secrets, otherManager, ...given });
    found.push(...placed(pipeline, 'error', problems), ...placed(pipeline, 'warning', warnings));
  }
  return found;
}

interface Given {
  readonly policy: SpecPolicy;
  readonly clusterHosts: ClusterHosts;
  readonly now: Date;
}

interface KnownObjects extends Given {
  readonly secrets: SecretIndex;
  readonly otherManager: OtherManager;
}

function findingsOf(pipeline: Manifest, known: KnownObjects): Findings {
  const { fields } = pipeline;
  const { raw, names } = namesOf(pipeline);
  // A file without a namespace does not say which namespaces its references cross.
  const isOpen = raw.namespace === undefined;
  const policy = isOpen ? { ...known.policy, noCrossNamespaceRefs: false } : known.policy;
  const checked = checkSpec(fields.spec, policy, names);
  const around = checked.spec
    ? referenceFindings(referencesOf(checked.spec, names, policy), raw, known)
    : NO_FINDINGS;
  const own = [...objectProblems(pipeline), ...unknownObjectFields(fields), ...unknownFields(fields.spec)];
  const said = mergeFindings({ problems: own, warnings: [] }, checked.findings);
  return mergeFindings(said, withoutFields(around, said.problems));
}

function unchecked({ path }: Manifest): Problem {
  const message = `There are more than ${MAX_PROBLEMS_IN_ALL} errors: nothing after this was checked.`;
  return fileProblem(path, message);
}

/** Nothing more is said of a field that has a fault already: its value may not even be a name. */
function withoutFields({ problems, warnings }: Findings, faulty: readonly FieldProblem[]): Findings {
  const fields = new Set(faulty.map(({ field }) => field));
  const isSound = ({ field }: FieldProblem) => !fields.has(field);
  return { problems: problems.filter(isSound), warnings: warnings.filter(isSound) };
}

interface RawNames {
  readonly namespace: string | undefined;
  readonly name: string;
}

function namesOf({ fields }: Manifest) {
  const name = textOf(fields, 'metadata', 'name') ?? '';
  const namespace = textOf(fields, 'metadata', 'namespace');
  const isNamed = v.is(Metadata.entries.name, name);
  const raw: RawNames = { namespace, name };
  return { raw, names: { namespace: namespace ?? DEFAULT_NAMESPACE, name: isNamed ? name : 'pipeline' } };
}

/** Checks what the API server itself checks in any object. */
function objectProblems({ fields, kind }: Manifest): FieldProblem[] {
  const problems: FieldProblem[] = [];
  if (fields.apiVersion !== API_VERSION) {
    const message = `Write ${API_VERSION}: there is no other version.`;
    problems.push({ rule: 'choice', field: 'apiVersion', ...short(fields.apiVersion), message });
  }
  if (kind !== KIND) {
    const message = `Write ${KIND}: there is no other kind in this group.`;
    problems.push({ rule: 'choice', field: 'kind', ...short(kind), message });
  }
  const metadata = v.safeParse(Metadata, fields.metadata ?? {});
  return metadata.success ? problems : [...problems, ...schemaProblems(metadata.issues, 'metadata')];
}

function short(value: unknown): { value?: string } {
  return typeof value === 'string' ? { value: cut(value, 80) } : {};
}

function placed(
  pipeline: Manifest,
  severity: Problem['severity'],
  problems: readonly FieldProblem[],
): Problem[] {
  const { namespace = '', name } = namesOf(pipeline).raw;
  const shared = { severity, path: pipeline.path, pipeline: { namespace, name } };
  const shown = problems.slice(0, MAX_PROBLEMS).map(({ rule, field, value, message }): Problem => {
    return { ...shared, ...pipeline.at(field), rule, field, ...(value !== undefined && { value }), message };
  });
  if (problems.length <= MAX_PROBLEMS) return shown;
  const message = `There are ${problems.length - MAX_PROBLEMS} more errors in this Pipeline: fix these first.`;
  return [...shown, { ...shared, ...pipeline.at('spec'), rule: 'length', field: 'spec', message }];
}

/** Checks what the references lead to in the input; applications and GitopsClusters need a cluster to look at. */
function referenceFindings(references: References, own: RawNames, known: KnownObjects): Findings {
  const { secrets, otherManager, clusterHosts, policy, now } = known;
  const managers = references.targets.flatMap(({ key }) => {
    const other = otherManager(applicationKey(references.appRef, key), own);
    return other ? [[key, alsoManagedBy(other.namespace ?? '', other.name)] as const] : [];
  });
  const states = references.secrets.map(({ name }) => [name, secrets.find(own.namespace, name)] as const);
  const clusters = references.clusters.flatMap(({ key, ref }) => {
    if (ref.kind !== 'Secret') return [];
    const foreign = foreignSecretProblem(ref, references.names.namespace);
    const where = `Secret ${references.names.namespace}/${ref.name}`;
    const warning =
      foreign ?? kubeconfigWarning(secrets.find(own.namespace, ref.name), { where, hosts: clusterHosts });
    return warning === undefined ? [] : [[key, warning] as const];
  });
  const objects = {
    ...NO_OBJECTS,
    secrets: new Map(states),
    clusters: new Map(clusters),
    managers: new Map(managers),
    now,
  };
  return checkReferences(references, objects, policy);
}

/** Another Pipeline than `own` that manages the application. */
type OtherManager = (applicationKey: string, own: RawNames) => RawNames | undefined;

function createOtherManager(pipelines: readonly Manifest[]): OtherManager {
  // Two of different names are enough to find another one for each.
  const byApplication = new Map<string, readonly RawNames[]>();
  for (const pipeline of pipelines) {
    const { raw, names } = namesOf(pipeline);
    const parsed = parseSpec(pipeline.fields.spec);
    if (parsed.kind === 'invalid') continue;
    for (const key of applicationKeys(parsed.spec, names.namespace)) {
      const known = byApplication.get(key) ?? [];
      if (known.length < 2 && known.every((other) => !isSame(other, raw)))
        byApplication.set(key, [...known, raw]);
    }
  }
  return (key, own) => byApplication.get(key)?.find((other) => !isSame(other, own));
}

/** The same Pipeline may be there for several clusters. */
function isSame(a: RawNames, b: RawNames): boolean {
  return a.name === b.name && a.namespace === b.namespace;
}
