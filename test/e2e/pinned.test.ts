import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Lab } from '../lab/lab.ts';
import { sharedLab } from '../lab/shared.ts';
import { startTurnpike, type Turnpike } from '../lab/turnpike.ts';
import { createFleet, fleetName, KUSTOMIZATION, type Place } from './fleet.ts';

/**
 * Manifests from a Git repository and from an OCI registry: dev follows a branch or a tag, and prod is pinned. Flux
 * spells the revision of the same contents in another way there.
 */

const MINUTE = 60_000;

let lab: Lab;
let turnpike: Turnpike;

function configMap(value: string): Record<string, string> {
  return {
    'app.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: app }\ndata: { value: ${value} }\n`,
  };
}

interface Source {
  readonly kind: 'GitRepository' | 'OCIRepository';
  readonly url: string;
  /** As lines of its spec. */
  readonly follows: string;
  readonly pinned: string;
}

function manifests({ environment, namespace }: Place, { kind, url, follows, pinned }: Source): string {
  return `apiVersion: source.toolkit.fluxcd.io/v1
kind: ${kind}
metadata: { name: app, namespace: ${namespace} }
spec:
  interval: 1h
  url: ${url}
  ref:
${environment === 'dev' ? follows : pinned}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: app, namespace: ${namespace} }
spec:
  interval: 1h
  path: ./
  prune: true
  targetNamespace: ${namespace}
  sourceRef: { kind: ${kind}, name: app }
`;
}

beforeAll(async () => {
  lab = await sharedLab();
  turnpike = await startTurnpike(lab);
}, 2 * MINUTE);

afterAll(async () => {
  await turnpike.remove();
});

describe('a GitRepository that is pinned to a commit', () => {
  test(
    'gets the bare hash of the commit that dev runs',
    async () => {
      const label = 'git-commit';
      const repository = `${fleetName(label)}-app`;
      const url = await lab.gitea.createRepository(repository, configMap('one'));
      const first = await lab.gitea.commit(repository, 'main', configMap('two'), 'Say two');
      const fleet = await createFleet(lab, {
        label,
        appRef: KUSTOMIZATION,
        manifests: (place) => {
          const pinned = `    commit: ${first}${place.marker('commit')}`;
          return manifests(place, { kind: 'GitRepository', url, follows: '    branch: main', pinned });
        },
      });
      await fleet.deployed(`main@sha1:${first}`);

      const commit = await lab.gitea.commit(repository, 'main', configMap('three'), 'Say three');
      await fleet.sync('gitrepository', 'app', fleet.namespaceOf('dev'));
      const { title, diff, promotion } = await fleet.merge(`main@sha1:${commit}`);

      expect(title).toBe(`Promote ${fleet.name}/app in prod to main@${commit.slice(0, 7)}`);
      const marker = `# {"$promotion": "${fleet.name}:app:prod:commit"}`;
      expect(diff).toEqual([`-    commit: ${first} ${marker}`, `+    commit: ${commit} ${marker}`]);
      expect(promotion).not.toHaveProperty('byVersion');
      expect(await fleet.read('kustomization', 'app', '{.status.lastAppliedRevision}')).toEqual([
        `main@sha1:${commit}`,
        `sha1:${commit}`,
      ]);
      expect(await fleet.read('configmap', 'app', '{.data.value}')).toEqual(['three', 'three']);
    },
    2 * MINUTE,
  );
});

describe('an OCIRepository that is pinned to a tag and a digest', () => {
  test(
    'gets both, and has arrived by the digest that Flux says there',
    async () => {
      const label = 'oci-digest';
      const repository = `${fleetName(label)}/app`;
      const first = await lab.registry.pushFiles(repository, '1.0.0', configMap('one'));
      const fleet = await createFleet(lab, {
        label,
        appRef: KUSTOMIZATION,
        manifests: (place) => {
          const pinned = `    tag: 1.0.0${place.marker('tag')}\n    digest: ${first}${place.marker('digest')}`;
          return `${manifests(place, {
            kind: 'OCIRepository',
            url: `${lab.registry.url(repository)}\n  insecure: true`,
            follows: '    semver: "*"',
            pinned,
          })}`;
        },
      });
      await fleet.deployed(`1.0.0@${first}`);

      const digest = await lab.registry.pushFiles(repository, '1.1.0', configMap('two'));
      await fleet.sync('ocirepository', 'app', fleet.namespaceOf('dev'));
      const { title, diff, promotion } = await fleet.merge(`1.1.0@${digest}`);

      expect(title).toBe(`Promote ${fleet.name}/app in prod to 1.1.0 (${digest.slice(0, 14)})`);
      const marker = (part: string) => `# {"$promotion": "${fleet.name}:app:prod:${part}"}`;
      expect(diff).toEqual([
        `-    tag: 1.0.0 ${marker('tag')}`,
        `-    digest: ${first} ${marker('digest')}`,
        `+    tag: 1.1.0 ${marker('tag')}`,
        `+    digest: ${digest} ${marker('digest')}`,
      ]);
      expect(promotion).not.toHaveProperty('byVersion');
      expect(await fleet.read('kustomization', 'app', '{.status.lastAppliedRevision}')).toEqual([
        `1.1.0@${digest}`,
        digest,
      ]);
      expect(await fleet.read('configmap', 'app', '{.data.value}')).toEqual(['two', 'two']);
    },
    2 * MINUTE,
  );
});
