import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { readFlags } from '../../../src/cli/flags.ts';
import { SERVE_FLAGS } from '../../../src/cli/serve/flags.ts';
import { leaseName } from '../../../src/decide/model/shard.ts';
import type { Lab } from '../../lab/lab.ts';
import { sharedLab } from '../../lab/shared.ts';

/** kustomize/shards as it is rendered; sharding.test.ts runs it. */

setDefaultTimeout(60_000);

const KUSTOMIZE = join(import.meta.dir, '../../../kustomize');
/** For the installation of Flux; with rights in one namespace, which an overlay has to name. */
const OTHERS = ['flux-alerts', 'namespaced', 'shard'];

type Labels = Readonly<Record<string, string>>;

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules?: readonly { readonly resourceNames?: readonly string[]; readonly resources: string[] }[];
  readonly spec: {
    readonly selector: Labels & { readonly matchLabels: Labels };
    readonly template: {
      readonly metadata: { readonly labels: Labels };
      readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] };
    };
  };
}

let lab: Lab;
let folder: string;
let shards: Manifest[];

beforeAll(async () => {
  lab = await sharedLab();
  folder = await realpath(await mkdtemp(join(tmpdir(), 'turnpike-shards-')));
  shards = await build(join(KUSTOMIZE, 'shards'));
}, 10 * 60_000);

afterAll(() => rm(folder, { recursive: true }));

async function build(path: string): Promise<Manifest[]> {
  const text = await lab.kubectl(['kustomize', path]);
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

function all(kind: string): Manifest[] {
  return shards.filter((one) => one.kind === kind);
}

function hasLabels(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

function podLabels({ spec }: Manifest): Labels {
  return spec.template.metadata.labels;
}

describe('kustomize/shards', () => {
  test('is taken by the API server, field by field', async () => {
    const path = join(KUSTOMIZE, 'shards');
    const namespace = await lab.tryKubectl(['create', 'namespace', 'turnpike-system']);
    expect(namespace.code === 0 || namespace.stderr.includes('already exists')).toBe(true);
    const said = await lab.kubectl(['apply', '--dry-run=server', '--validate=strict', '-k', path]);
    for (const name of ['main', 'shard1']) {
      expect(said).toMatch(new RegExp(`deployment.apps/turnpike-${name} .*\\(server dry run\\)`));
      expect(said).toMatch(new RegExp(`poddisruptionbudget.policy/turnpike-${name} .*\\(server dry run\\)`));
    }
  });

  test('grants the Leases that the program takes with these flags, and no others', () => {
    const names = all('Deployment').map(({ spec }) => {
      const args = spec.template.spec.containers[0]?.args ?? [];
      const flags = readFlags(SERVE_FLAGS, args.slice(1), {});
      if (!flags.ok) throw new Error(flags.problems.join('\n'));
      expect(flags.values['leader-elect']).toBe(true);
      return leaseName({
        namespace: flags.values['watch-namespace'],
        selector: flags.values['watch-label-selector'],
      });
    });
    const role = all('Role').find(({ metadata }) => metadata.name === 'turnpike');
    const granted = role?.rules?.flatMap(({ resourceNames }) => resourceNames ?? []) ?? [];
    expect(granted.toSorted()).toEqual(names.toSorted());
    expect(new Set(names).size).toBe(2);
  });

  test('has every Service lead to the Pods of all shards', () => {
    const services = all('Service');
    expect(services.length).toBe(3);
    for (const { spec } of services) {
      for (const deployment of all('Deployment')) {
        expect(hasLabels(podLabels(deployment), spec.selector)).toBe(true);
      }
    }
  });

  test('has no Pod that two Deployments, or two disruption budgets, select', () => {
    for (const kind of ['Deployment', 'PodDisruptionBudget']) {
      expect(all(kind).length).toBe(2);
      for (const deployment of all('Deployment')) {
        const selecting = all(kind).filter(({ spec }) =>
          hasLabels(podLabels(deployment), spec.selector.matchLabels),
        );
        expect(selecting.map(({ metadata }) => metadata.name)).toEqual([deployment.metadata.name]);
      }
    }
  });
});

describe('kustomize/components/shard', () => {
  test('leaves the Deployment and its disruption budget of an installation with all components', async () => {
    const names = await readdir(join(KUSTOMIZE, 'components'));
    const before = names.filter((name) => !OTHERS.includes(name)).toSorted();
    expect(before).toContain('ha');
    const to = (path: string) => relative(folder, join(KUSTOMIZE, path));
    const kustomization = {
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: [to('default')],
      components: [...before, 'shard'].map((name) => to(`components/${name}`)),
    };
    await Bun.write(join(folder, 'kustomization.yaml'), stringify(kustomization));
    const left = await build(folder);
    expect(left.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'Deployment turnpike',
      'PodDisruptionBudget turnpike',
    ]);
  });
});
