/** Everything of the lab that is built from Go modules, with its exact version. */
export const COMPONENT_NAMES = [
  'etcd',
  'kube-apiserver',
  'gitea',
  'registry',
  'source-controller',
  'kustomize-controller',
  'helm-controller',
  'notification-controller',
  'source-definitions',
  'kustomize-definitions',
  'helm-definitions',
  'notification-definitions',
  'cert-manager-definitions',
  'monitoring-definitions',
] as const;
export type ComponentName = (typeof COMPONENT_NAMES)[number];

export const FLUX_CONTROLLERS = [
  'source-controller',
  'kustomize-controller',
  'helm-controller',
  'notification-controller',
] as const satisfies readonly ComponentName[];
export type FluxController = (typeof FLUX_CONTROLLERS)[number];

/** The CustomResourceDefinitions of Flux, without its controllers: only downloaded, nothing is built. */
export const FLUX_DEFINITIONS = [
  'source-definitions',
  'kustomize-definitions',
  'helm-definitions',
  'notification-definitions',
] as const satisfies readonly ComponentName[];
type FluxDefinitions = (typeof FLUX_DEFINITIONS)[number];

/** Definitions of other projects that our kustomize components have resources for. */
export const OTHER_DEFINITIONS = [
  'cert-manager-definitions',
  'monitoring-definitions',
] as const satisfies readonly ComponentName[];

export interface Component {
  readonly name: ComponentName;
  readonly module: string;
  readonly version: string;
  /**
   * `dependency`: from an empty module of our own that requires it, because its replace directives keep
   * `go install` from building it. `source`: in a writable copy of the module.
   */
  readonly method: 'dependency' | 'source';
  /** The main package; undefined where assets are all that is wanted of the module. */
  readonly main: string | undefined;
  readonly ldflags: readonly string[];
  readonly tags: readonly string[];
  /** Directories of the module that are needed at run time; a binary found elsewhere needs none of them. */
  readonly assets: readonly string[];
  /** True when the build needs cgo, and so a C compiler. */
  readonly needsCompiler: boolean;
  /** The time that a first build took on two cores, download included, in seconds. */
  readonly coldSeconds: number;
}

const KUBERNETES = 'v1.36.3';
const [KUBERNETES_MAJOR, KUBERNETES_MINOR] = KUBERNETES.slice(1).split('.');

const FLUX_VERSIONS: Readonly<Record<FluxController, string>> = {
  'source-controller': 'v1.9.3',
  'kustomize-controller': 'v1.9.3',
  'helm-controller': 'v1.6.4',
  'notification-controller': 'v1.9.3',
};

/** The directory of CustomResourceDefinitions in a Flux controller's module. */
export const FLUX_CRDS = 'config/crd/bases';

const DEFAULTS = {
  ldflags: [],
  tags: [],
  assets: [],
  needsCompiler: false,
} as const;

export const COMPONENTS: readonly Component[] = [
  {
    ...DEFAULTS,
    name: 'etcd',
    module: 'go.etcd.io/etcd/server/v3',
    version: 'v3.7.3',
    method: 'dependency',
    main: 'go.etcd.io/etcd/server/v3',
    coldSeconds: 54,
  },
  {
    ...DEFAULTS,
    name: 'kube-apiserver',
    module: 'k8s.io/kubernetes',
    version: KUBERNETES,
    method: 'dependency',
    main: 'k8s.io/kubernetes/cmd/kube-apiserver',
    ldflags: [
      `-X k8s.io/component-base/version.gitVersion=${KUBERNETES}`,
      `-X k8s.io/component-base/version.gitMajor=${KUBERNETES_MAJOR}`,
      `-X k8s.io/component-base/version.gitMinor=${KUBERNETES_MINOR}`,
    ],
    coldSeconds: 210,
  },
  {
    ...DEFAULTS,
    name: 'gitea',
    module: 'code.gitea.io/gitea',
    version: 'v1.25.5',
    method: 'source',
    main: '.',
    tags: ['sqlite', 'sqlite_unlock_notify'],
    assets: ['templates', 'options', 'public'],
    needsCompiler: true,
    coldSeconds: 168,
  },
  {
    ...DEFAULTS,
    name: 'registry',
    module: 'github.com/google/go-containerregistry',
    version: 'v0.22.1',
    method: 'dependency',
    main: 'github.com/google/go-containerregistry/cmd/registry',
    coldSeconds: 17,
  },
  fluxController('source-controller', 174),
  fluxController('kustomize-controller', 114),
  fluxController('helm-controller', 102),
  fluxController('notification-controller', 210),
  fluxDefinitions('source-definitions', 'source-controller'),
  fluxDefinitions('kustomize-definitions', 'kustomize-controller'),
  fluxDefinitions('helm-definitions', 'helm-controller'),
  fluxDefinitions('notification-definitions', 'notification-controller'),
  {
    ...DEFAULTS,
    name: 'cert-manager-definitions',
    module: 'github.com/cert-manager/cert-manager',
    version: 'v1.19.1',
    method: 'source',
    main: undefined,
    assets: ['deploy/crds'],
    coldSeconds: 3,
  },
  {
    ...DEFAULTS,
    name: 'monitoring-definitions',
    module: 'github.com/prometheus-operator/prometheus-operator',
    version: 'v0.85.0',
    method: 'source',
    main: undefined,
    assets: ['example/prometheus-operator-crd'],
    coldSeconds: 3,
  },
];

export function component(name: ComponentName): Component {
  const found = COMPONENTS.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no component of the lab is called ${name}`);
  return found;
}

function fluxController(name: FluxController, coldSeconds: number): Component {
  return {
    ...DEFAULTS,
    name,
    module: `github.com/fluxcd/${name}`,
    version: FLUX_VERSIONS[name],
    method: 'source',
    main: '.',
    coldSeconds,
  };
}

function fluxDefinitions(name: FluxDefinitions, controller: FluxController): Component {
  return {
    ...DEFAULTS,
    name,
    module: `github.com/fluxcd/${controller}`,
    version: FLUX_VERSIONS[controller],
    method: 'source',
    main: undefined,
    assets: [FLUX_CRDS],
    coldSeconds: 3,
  };
}
