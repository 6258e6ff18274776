import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Lab } from '../lab/lab.ts';
import { sharedLab } from '../lab/shared.ts';
import { startTurnpike, type Turnpike } from '../lab/turnpike.ts';
import { createFleet, type Fleet, fleetName, HELM_RELEASE, type Place } from './fleet.ts';

/** A chart from an OCI registry, of which helm-controller says the version and the digest, and not the tag. */

const MINUTE = 60_000;
const LABEL = 'chart-oci';
const REPOSITORY = `${fleetName(LABEL)}/app`;

let lab: Lab;
let turnpike: Turnpike;
let fleet: Fleet;
/** By version. */
const digests = new Map<string, string>();

/** dev follows what is pushed, or a tag; prod is pinned. */
function manifests({ environment, namespace, marker }: Place, devTag?: string): string {
  const follows = devTag === undefined ? 'semver: "*"' : `tag: ${devTag}`;
  const pinned = `
    tag: v1.0.0${marker('tag')}
    digest: ${digests.get('1.0.0')}${marker('digest')}`;
  return `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: { name: chart, namespace: ${namespace} }
spec:
  interval: 1h
  insecure: true
  url: ${lab.registry.url(REPOSITORY)}
  ref:${environment === 'dev' ? ` { ${follows} }` : pinned}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: app, namespace: ${namespace} }
spec:
  interval: 1h
  chartRef: { kind: OCIRepository, name: chart }
`;
}

/** The registry's tags have a "v" in front unless told otherwise; the chart's version has none. */
async function push(
  version: string,
  { value = version, tag = `v${version}` }: { value?: string; tag?: string } = {},
): Promise<string> {
  const digest = await lab.registry.pushChart({ repository: REPOSITORY, version, tag, value });
  digests.set(version, digest);
  return digest;
}

function full(version: string): string {
  return `${version}@${digests.get(version)}`;
}

beforeAll(async () => {
  lab = await sharedLab();
  turnpike = await startTurnpike(lab);
  await push('1.0.0');
  fleet = await createFleet(lab, {
    label: LABEL,
    appRef: HELM_RELEASE,
    manifests: (place) => manifests(place),
  });
  await fleet.deployed(/^1\.0\.0\+[0-9a-f]{12}$/);
}, 2 * MINUTE);

afterAll(async () => {
  await turnpike.remove();
});

describe('a chart from an OCI registry', () => {
  test(
    'is promoted by the tag that the registry has, and by its digest',
    async () => {
      const before = digests.get('1.0.0');
      const digest = await push('1.1.0');
      await fleet.sync('ocirepository', 'chart', fleet.namespaceOf('dev'));
      const { title, diff, promotion } = await fleet.merge(full('1.1.0'));

      expect(title).toBe(`Promote ${fleet.name}/app in prod to 1.1.0 (${digest.slice(0, 14)})`);
      const marker = (part: string) => `# {"$promotion": "${fleet.name}:app:prod:${part}"}`;
      expect(diff).toEqual([
        `-    tag: v1.0.0 ${marker('tag')}`,
        `-    digest: ${before} ${marker('digest')}`,
        `+    tag: v1.1.0 ${marker('tag')}`,
        `+    digest: ${digest} ${marker('digest')}`,
      ]);
      expect(promotion).toMatchObject({ phase: 'Succeeded' });
      expect(promotion).not.toHaveProperty('byVersion');
      // What Flux itself says, in each place: none of it alone is what the promotion is recorded by.
      expect(await fleet.read('ocirepository', 'chart', '{.status.artifact.revision}')).toEqual([
        `v1.1.0@${digest}`,
        digest,
      ]);
      const version = `1.1.0+${digest.slice(7, 19)}`;
      const newest = '{.status.history[0].chartVersion} {.status.history[0].ociDigest}';
      expect(await fleet.read('helmrelease', 'app', newest)).toEqual([
        `${version} ${digest}`,
        `${version} ${digest}`,
      ]);
      expect(await fleet.read('configmap', 'app', '{.data.value}')).toEqual(['1.1.0', '1.1.0']);
    },
    2 * MINUTE,
  );

  test(
    'is promoted again when it is pushed again under its tag',
    async () => {
      const before = digests.get('1.1.0');
      const digest = await push('1.1.0', { value: 'rebuilt' });
      expect(digest).not.toBe(before);
      await fleet.sync('ocirepository', 'chart', fleet.namespaceOf('dev'));
      const { diff } = await fleet.merge(full('1.1.0'));

      const marker = `# {"$promotion": "${fleet.name}:app:prod:digest"}`;
      expect(diff).toEqual([`-    digest: ${before} ${marker}`, `+    digest: ${digest} ${marker}`]);
      expect(await fleet.read('configmap', 'app', '{.data.value}')).toEqual(['rebuilt', 'rebuilt']);
    },
    2 * MINUTE,
  );

  test(
    'is promoted by a tag that stands for build metadata of its own',
    async () => {
      const tag = '104.1.1_up57.0.3';
      const digest = await push('104.1.1+up57.0.3', { tag });
      await fleet.commit({ 'dev/app.yaml': manifests(fleet.place('dev'), tag) }, `Use ${tag} in dev`);
      const { title, diff } = await fleet.merge(`104.1.1@${digest}`);

      expect(title).toBe(`Promote ${fleet.name}/app in prod to 104.1.1 (${digest.slice(0, 14)})`);
      expect(diff).toContain(`+    tag: ${tag} # {"$promotion": "${fleet.name}:app:prod:tag"}`);
      // helm-controller puts the digest in the place of what the chart has behind its version.
      const version = `104.1.1+${digest.slice(7, 19)}`;
      expect(await fleet.read('helmrelease', 'app', '{.status.history[0].chartVersion}')).toEqual([
        version,
        version,
      ]);
    },
    2 * MINUTE,
  );
});
