import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Lab } from '../lab/lab.ts';
import { sharedLab } from '../lab/shared.ts';
import { startTurnpike, type Turnpike } from '../lab/turnpike.ts';
import { createFleet, fleetName, KUSTOMIZATION, type Place } from './fleet.ts';

/**
 * The tag of an image in a Kustomization of Flux, whose source stays at one commit all the while, applied by the real
 * kustomize-controller.
 */

const MINUTE = 60_000;
const IMAGE = 'ghcr.io/acme/shop';
const BASE = `${fleetName('image')}-base`;

/** No controller runs Pods here: a Deployment is applied, and that is all. */
const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: { name: app }
spec:
  selector: { matchLabels: { app: app } }
  template:
    metadata: { labels: { app: app } }
    spec:
      containers:
        - name: app
          image: ${IMAGE}:0.0.0
`;
const CONFIG_MAP = `apiVersion: v1
kind: ConfigMap
metadata: { name: app }
data: { value: "\${version}" }
`;

let lab: Lab;
let turnpike: Turnpike;

/** Where a Kustomization says the version, as lines of its spec. */
type Says = (version: string, marker: Place['marker']) => string;

const NEW_TAG: Says = (version, marker) => `  images:
    - name: ghcr.io/acme/other
      newTag: "7"
    - name: ${IMAGE}
      newTag: ${version}${marker()}
`;
const SUBSTITUTE: Says = (version, marker) => `  postBuild:
    substitute:
      version: ${version}${marker()}
`;
const PINNED: Says = (revision, marker) => {
  const [tag, digest] = revision.split('@');
  return `  images:
    - name: ${IMAGE}
      newTag: ${tag}${marker('tag')}
      digest: ${digest}${marker('digest')}
`;
};

interface Base {
  /** Of the base's repository. */
  readonly folder: string;
  readonly says: Says;
}

interface Case extends Base {
  readonly label: string;
  /** Of the Pipeline. */
  readonly path: string;
  /** The last step of it. */
  readonly field: string;
  /** What to get in an environment, and where it has the version. */
  readonly applied: readonly [kind: string, jsonpath: string];
  readonly shows: (version: string) => string;
}

const CASES: readonly Case[] = [
  {
    label: 'image-new-tag',
    path: `.spec.images[name=${IMAGE}].newTag`,
    field: 'newTag',
    folder: './deployment',
    says: NEW_TAG,
    applied: ['deployment', '{.spec.template.spec.containers[0].image}'],
    shows: (version) => `${IMAGE}:${version}`,
  },
  {
    label: 'image-substitute',
    path: '.spec.postBuild.substitute.version',
    field: 'version',
    folder: './config',
    says: SUBSTITUTE,
    applied: ['configmap', '{.data.value}'],
    shows: (version) => version,
  },
];

function manifest({ namespace, marker }: Place, { folder, says }: Base, version: string): string {
  return `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: app, namespace: ${namespace} }
spec:
  interval: 1h
  url: ${lab.gitea.url}/${lab.gitea.user}/${BASE}.git
  ref: { branch: main }
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: app, namespace: ${namespace} }
spec:
  interval: 1h
  path: ${folder}
  prune: true
  targetNamespace: ${namespace}
  sourceRef: { kind: GitRepository, name: app }
${says(version, marker)}`;
}

beforeAll(async () => {
  lab = await sharedLab();
  turnpike = await startTurnpike(lab);
  await lab.gitea.createRepository(BASE, {
    'deployment/app.yaml': DEPLOYMENT,
    'config/app.yaml': CONFIG_MAP,
  });
}, 2 * MINUTE);

afterAll(async () => {
  await turnpike.remove();
});

describe('a version in the spec of a Kustomization', () => {
  test.each(CASES)(
    'is promoted at $path while the commit stays',
    async (one) => {
      const fleet = await createFleet(lab, {
        label: one.label,
        appRef: KUSTOMIZATION,
        spec: { revision: { path: one.path } },
        manifests: (place) => manifest(place, one, '1.9.0'),
      });
      await fleet.deployed('1.9.0');
      const before = await fleet.read('kustomization', 'app', '{.status.lastAppliedRevision}');

      const text = manifest(fleet.place('dev'), one, '1.10.0-rc.1');
      await fleet.commit({ 'dev/app.yaml': text }, 'Use 1.10.0-rc.1 in dev');
      const { title, diff, promotion } = await fleet.merge('1.10.0-rc.1');

      expect(title).toBe(`Promote ${fleet.name}/app in prod to 1.10.0-rc.1`);
      const marked = (sign: string, version: string) =>
        `${sign}      ${one.field}: ${version} # {"$promotion": "${fleet.name}:app:prod"}`;
      expect(diff).toEqual([marked('-', '1.9.0'), marked('+', '1.10.0-rc.1')]);
      expect(promotion).toMatchObject({ revision: '1.10.0-rc.1', phase: 'Succeeded' });
      const [kind, jsonpath] = one.applied;
      const shown = one.shows('1.10.0-rc.1');
      expect(await fleet.read(kind, 'app', jsonpath)).toEqual([shown, shown]);
      expect(await fleet.read('kustomization', 'app', '{.status.lastAppliedRevision}')).toEqual(before);
    },
    2 * MINUTE,
  );

  test(
    'is promoted with the digest beside the tag',
    async () => {
      const revision = (tag: string, digit: string) => `${tag}@sha256:${digit.repeat(64)}`;
      const base = { folder: './deployment', says: PINNED };
      const fleet = await createFleet(lab, {
        label: 'image-digest',
        appRef: KUSTOMIZATION,
        spec: { revision: { path: `.spec.images[name=${IMAGE}].newTag` } },
        manifests: (place) => manifest(place, base, revision('1.9.0', 'a')),
      });
      await fleet.deployed(revision('1.9.0', 'a'));

      const text = manifest(fleet.place('dev'), base, revision('1.9.1', 'b'));
      await fleet.commit({ 'dev/app.yaml': text }, 'Use 1.9.1 in dev');
      const { title, diff } = await fleet.merge(revision('1.9.1', 'b'));

      expect(title).toBe(`Promote ${fleet.name}/app in prod to 1.9.1 (sha256:bbbbbbb)`);
      const marker = (part: string) => `# {"$promotion": "${fleet.name}:app:prod:${part}"}`;
      expect(diff).toEqual([
        `-      newTag: 1.9.0 ${marker('tag')}`,
        `-      digest: sha256:${'a'.repeat(64)} ${marker('digest')}`,
        `+      newTag: 1.9.1 ${marker('tag')}`,
        `+      digest: sha256:${'b'.repeat(64)} ${marker('digest')}`,
      ]);
      const shown = `${IMAGE}:1.9.1@sha256:${'b'.repeat(64)}`;
      const image = '{.spec.template.spec.containers[0].image}';
      expect(await fleet.read('deployment', 'app', image)).toEqual([shown, shown]);
    },
    2 * MINUTE,
  );
});
