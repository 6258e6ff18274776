import type { AppRef, PipelineSpec, Target } from '../../api/pipeline.ts';
import { applicationKindProblem } from '../../decide/model/application-kind.ts';
import { pathsOf } from '../../decide/model/artifacts.ts';
import type { RevisionPath } from '../../decide/model/revision-path.ts';
import { groupOf } from '../../lib/kube/pure.ts';

/** An application object on one cluster. */
export interface NamedApplication {
  readonly appRef: AppRef;
  readonly namespace: string;
  /** The parts of its spec that are looked at. */
  readonly paths?: readonly RevisionPath[];
}

/** The applications of a Pipeline on the cluster that it is on itself, of the targets that it may have. */
export function localApplications(
  spec: PipelineSpec,
  isAllowed: (target: Target) => boolean = () => true,
): NamedApplication[] {
  const { appRef } = spec;
  const paths = pathsOf(spec);
  const targets = spec.environments.flatMap((environment) => environment.targets);
  const here = targets.filter((target) => !target.clusterRef && isAllowed(target));
  return here.map(({ namespace }) => ({ appRef, namespace, paths }));
}

/** Leaves out those that are never read. */
export function readable(applications: readonly NamedApplication[]): readonly NamedApplication[] {
  return applications.filter(({ appRef }) => applicationKindProblem(appRef) === undefined);
}

/** The objects of one kind that some Pipeline is interested in. */
export interface KindInterest {
  /** The version that the first Pipeline wrote: only its group counts. */
  readonly apiVersion: string;
  readonly kind: string;
  /** The objects by namespace and by name. */
  readonly namespaces: ReadonlyMap<string, ReadonlyMap<string, ObjectInterest>>;
}

interface ObjectInterest {
  /** The number of its owners. */
  readonly count: number;
  /** The parts of its spec that they look at, by the text of the path. */
  readonly paths: ReadonlyMap<string, PathInterest>;
}

interface PathInterest {
  readonly path: RevisionPath;
  readonly count: number;
}

/** The objects that owners are interested in. A change costs as much as its owner has applications. */
export interface Interests {
  /** Replaces the applications that the owner was interested in. */
  set(owner: string, applications: readonly NamedApplication[]): void;
  kinds(): ReadonlyMap<string, KindInterest>;
  has(kindKey: string, namespace: string, name: string): boolean;
  /** The parts of the object's spec that are looked at. */
  paths(kindKey: string, namespace: string, name: string): readonly RevisionPath[];
  /** Namespace and name of each object of a kind; in one namespace, or in all. */
  list(kindKey: string, namespace: string | undefined): Generator<readonly [string, string]>;
}

/** The same for all versions of a kind. */
export function kindKey({ apiVersion, kind }: Pick<AppRef, 'apiVersion' | 'kind'>): string {
  return `${groupOf(apiVersion)}, ${kind}`;
}

interface CountedKind extends KindInterest {
  readonly namespaces: Map<string, Map<string, ObjectInterest>>;
}

export function createInterests(): Interests {
  const byOwner = new Map<string, readonly NamedApplication[]>();
  const kinds = new Map<string, CountedKind>();

  function add({ appRef, namespace, paths = [] }: NamedApplication): void {
    const { apiVersion, kind, name } = appRef;
    const key = kindKey(appRef);
    const counted = kinds.get(key) ?? { apiVersion, kind, namespaces: new Map() };
    const names = counted.namespaces.get(namespace) ?? new Map<string, ObjectInterest>();
    const before = names.get(name) ?? { count: 0, paths: NO_PATHS };
    names.set(name, { count: before.count + 1, paths: counting(before.paths, paths, 1) });
    counted.namespaces.set(namespace, names);
    kinds.set(key, counted);
  }

  function remove({ appRef, namespace, paths = [] }: NamedApplication): void {
    const key = kindKey(appRef);
    const counted = kinds.get(key);
    const names = counted?.namespaces.get(namespace);
    if (!counted || !names) return;
    const before = names.get(appRef.name) ?? { count: 0, paths: NO_PATHS };
    const count = before.count - 1;
    if (count > 0) names.set(appRef.name, { count, paths: counting(before.paths, paths, -1) });
    else names.delete(appRef.name);
    if (names.size === 0) counted.namespaces.delete(namespace);
    if (counted.namespaces.size === 0) kinds.delete(key);
  }

  function* list(key: string, within: string | undefined): Generator<readonly [string, string]> {
    for (const [namespace, names] of kinds.get(key)?.namespaces ?? []) {
      if (within !== undefined && namespace !== within) continue;
      for (const name of names.keys()) yield [namespace, name];
    }
  }

  return {
    set(owner, applications) {
      const before = byOwner.get(owner) ?? [];
      for (const one of applications) add(one);
      for (const one of before) remove(one);
      if (applications.length > 0) byOwner.set(owner, applications);
      else byOwner.delete(owner);
    },
    kinds: () => kinds,
    has: (key, namespace, name) => kinds.get(key)?.namespaces.get(namespace)?.has(name) ?? false,
    paths(key, namespace, name) {
      const { paths = NO_PATHS } = kinds.get(key)?.namespaces.get(namespace)?.get(name) ?? {};
      return paths.size === 0 ? NONE : Array.from(paths.values(), ({ path }) => path);
    },
    list,
  };
}

const NONE: readonly RevisionPath[] = [];
const NO_PATHS: ReadonlyMap<string, PathInterest> = new Map();

/** Counts one owner more or fewer for the object and for each path of interest. */
function counting(
  before: ReadonlyMap<string, PathInterest>,
  paths: readonly RevisionPath[],
  more: 1 | -1,
): ReadonlyMap<string, PathInterest> {
  if (paths.length === 0) return before;
  const counted = new Map(before);
  for (const path of paths) {
    const count = (counted.get(path.text)?.count ?? 0) + more;
    if (count > 0) counted.set(path.text, { path, count });
    else counted.delete(path.text);
  }
  return counted;
}
