import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fields } from '../fixtures/pipelines/cases.ts';
import type { ClusterObject, Placed } from '../fixtures/pipelines/placed.ts';
import type { Lab } from '../lab/lab.ts';
import { waitUntil } from '../lab/wait.ts';

/** The examples of test/fixtures/pipelines in a real cluster. */

const PLURALS: Readonly<Record<string, string>> = {
  Secret: 'secrets',
  GitopsCluster: 'gitopsclusters',
  Pipeline: 'pipelines',
};

export function pathOf({ apiVersion, kind, metadata }: ClusterObject): string {
  const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  return `${root}/namespaces/${metadata.namespace}/${PLURALS[kind]}`;
}

/** Creates an object by a POST; an answer that is no success throws. */
export async function create(lab: Lab, path: string, object: object): Promise<Fields> {
  const answer = await lab.request('POST', path, object);
  if (answer.ok) return (await answer.json()) as Fields;
  throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}

/** Creates the namespaces and everything else that is around the examples. */
export async function surroundAll(lab: Lab, all: readonly Placed[]): Promise<void> {
  const left = [...all];
  const work = async () => {
    for (let one = left.pop(); one; one = left.pop()) await surround(lab, one);
  };
  await Promise.all(Array.from({ length: 8 }, work));
}

/** Waits until the program knows of the Pipelines around the examples. */
export async function waitForOthers(lab: Lab, all: readonly Placed[]): Promise<void> {
  const pipelines = all.flatMap(({ others }) => others.filter(({ kind }) => kind === 'Pipeline'));
  await waitUntil('the other Pipelines to be seen', () => areSeen(lab, pipelines), { seconds: 30 });
}

async function surround(lab: Lab, { namespace, others }: Placed): Promise<void> {
  const namespaces = new Set([namespace, ...others.map(({ metadata }) => metadata.namespace)]);
  for (const name of namespaces) await create(lab, '/api/v1/namespaces', { metadata: { name } });
  // Pipelines come last: they want their Secrets.
  for (const object of others) await create(lab, pathOf(object), object);
}

/** The writer of a status has the object in its cache. */
async function areSeen(lab: Lab, pipelines: readonly ClusterObject[]): Promise<boolean> {
  for (const pipeline of pipelines) {
    const answer = await lab.request('GET', `${pathOf(pipeline)}/${pipeline.metadata.name}`);
    const { status } = (await answer.json()) as { status?: { conditions?: unknown } };
    if (status?.conditions === undefined) return false;
  }
  return true;
}

/** Writes each Pipeline into a file that is called like its namespace; returns the directory. */
export async function writeFiles(lab: Lab, name: string, all: readonly Placed[]): Promise<string> {
  const directory = join(lab.directory, name);
  await mkdir(directory);
  const written = all.map(({ namespace, pipeline }) => {
    return writeFile(join(directory, `${namespace}.json`), JSON.stringify(pipeline));
  });
  await Promise.all(written);
  return directory;
}

/** What Weave GitOps brings along; nothing of it is looked at but whether an object is there. */
export const GITOPS_CLUSTERS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'gitopsclusters.gitops.weave.works' },
  spec: {
    group: 'gitops.weave.works',
    names: { kind: 'GitopsCluster', plural: 'gitopsclusters', singular: 'gitopscluster' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};
