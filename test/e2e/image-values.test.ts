import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Lab } from '../lab/lab.ts';
import { chartFiles } from '../lab/registry.ts';
import { sharedLab } from '../lab/shared.ts';
import { startTurnpike, type Turnpike } from '../lab/turnpike.ts';
import { waitFor } from '../lab/wait.ts';
import { createFleet, type Fleet, fleetName, HELM_RELEASE, type Place } from './fleet.ts';

/** The tag of an image in the values of a HelmRelease, whose chart stays, released by the real helm-controller. */

const MINUTE = 60_000;
const LABEL = 'image-values';
const CHARTS = `${fleetName(LABEL)}-charts`;

let lab: Lab;
let turnpike: Turnpike;
let fleet: Fleet;

/** Helm upgrades nothing before it has run. No controller runs Jobs here: the test says when it has. */
const HOOK = `{{- if .Values.hook }}
apiVersion: batch/v1
kind: Job
metadata:
  name: before-{{ .Values.image.tag }}
  annotations: { helm.sh/hook: pre-upgrade }
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: hook, image: ghcr.io/acme/hook:1.0.0 }]
{{- end }}
`;

interface State {
  readonly tag: string;
  readonly suspend?: boolean;
  /** Whether Helm waits for the hook. */
  readonly hook?: boolean;
}

function manifests({ namespace, marker }: Place, { tag, suspend = false, hook = false }: State): string {
  return `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: charts, namespace: ${namespace} }
spec:
  interval: 1h
  url: ${lab.gitea.url}/${lab.gitea.user}/${CHARTS}.git
  ref: { branch: main }
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: app, namespace: ${namespace} }
spec:
  interval: 1h
  suspend: ${suspend}
  chart:
    spec:
      chart: ./chart
      sourceRef: { kind: GitRepository, name: charts }
  values:
    hook: ${hook}
    image:
      repository: ghcr.io/acme/shop
      tag: ${tag}${marker('tag')}
`;
}

/** dev as somebody who commits to it writes it. */
async function commitDev(state: State): Promise<void> {
  const text = manifests(fleet.place('dev'), state);
  await fleet.commit({ 'dev/app.yaml': text }, `Use ${state.tag} in dev`);
}

async function spec(): Promise<{ suspend?: boolean; values: { image: { tag: string } } }> {
  const release = await lab.get(['helmrelease', 'app', '-n', fleet.namespaceOf('dev')]);
  return (release as { spec: { suspend?: boolean; values: { image: { tag: string } } } }).spec;
}

async function hookStarted(tag: string): Promise<void> {
  const look = async () => {
    const jobs = await lab.kubectl(['get', 'jobs', '-n', fleet.namespaceOf('dev'), '-o', 'name']);
    return jobs.includes(`job.batch/before-${tag}`) ? { done: undefined } : { saw: jobs };
  };
  await waitFor(`the hook before ${tag}`, look);
}

/** As the Job controller says it. */
async function completeHook(tag: string): Promise<void> {
  const time = `${new Date().toISOString().slice(0, 19)}Z`;
  const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) => {
    return { type, status: 'True', lastProbeTime: time, lastTransitionTime: time };
  });
  const status = { startTime: time, completionTime: time, succeeded: 1, conditions };
  const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status })];
  await lab.kubectl(['patch', 'job', `before-${tag}`, '-n', fleet.namespaceOf('dev'), ...patch]);
}

function runs(): Promise<string[]> {
  return fleet.read('configmap', 'app', '{.data.value}');
}

beforeAll(async () => {
  lab = await sharedLab();
  turnpike = await startTurnpike(lab);
  const chart = chartFiles({ apiVersion: 'v2', name: 'app', version: '1.0.0' }, '{{ .Values.image.tag }}');
  const files = Object.entries({ ...chart, 'templates/hook.yaml': HOOK }).map(([path, text]) => [
    `chart/${path}`,
    text,
  ]);
  await lab.gitea.createRepository(CHARTS, Object.fromEntries(files));
  fleet = await createFleet(lab, {
    label: LABEL,
    appRef: HELM_RELEASE,
    spec: { revision: { path: '.spec.values.image.tag' } },
    hook: turnpike.hook,
    manifests: (place) => manifests(place, { tag: '1.9.0' }),
  });
  await fleet.deployed('1.9.0');
}, 2 * MINUTE);

afterAll(async () => {
  await turnpike.remove();
});

describe('a tag in the values of a HelmRelease', () => {
  test(
    'is promoted while the chart stays',
    async () => {
      await commitDev({ tag: '1.9.1' });
      const { title, diff, promotion } = await fleet.merge('1.9.1');

      expect(title).toBe(`Promote ${fleet.name}/app in prod to 1.9.1`);
      const marker = `# {"$promotion": "${fleet.name}:app:prod:tag"}`;
      expect(diff).toEqual([`-      tag: 1.9.0 ${marker}`, `+      tag: 1.9.1 ${marker}`]);
      expect(promotion).toMatchObject({ revision: '1.9.1', phase: 'Succeeded' });
      expect(await runs()).toEqual(['1.9.1', '1.9.1']);
      // The event names the chart's version alone: it is a reason to look, and no more.
      const received = await waitFor("Flux's event", async () => {
        const lines = (await turnpike.log()).filter(({ msg }) => msg === 'event received');
        return lines.some(({ reason }) => reason === 'UpgradeSucceeded') ? { done: lines } : { saw: lines };
      });
      expect([...new Set(received.map(({ outcome }) => outcome))]).toEqual(['unchanged']);
    },
    2 * MINUTE,
  );

  test(
    'is promoted by nothing while it comes with a suspend, and is once that ends',
    async () => {
      await commitDev({ tag: '1.9.2', suspend: true });
      await waitFor('the suspended tag in the cluster', async () => {
        const { suspend, values } = await spec();
        return suspend && values.image.tag === '1.9.2' ? { done: suspend } : { saw: values };
      });
      const held = await fleet.look();
      expect(held.environments?.dev?.deployment).toMatchObject({ revision: '1.9.1' });
      expect(held.environments?.prod?.promotion).toMatchObject({ revision: '1.9.1', phase: 'Succeeded' });
      expect(await runs()).toEqual(['1.9.1', '1.9.1']);
      expect(await lab.gitea.pulls(fleet.name, 'all')).toHaveLength(1);

      await commitDev({ tag: '1.9.2' });
      await fleet.merge('1.9.2');
      expect(await runs()).toEqual(['1.9.2', '1.9.2']);
    },
    2 * MINUTE,
  );

  test(
    'is promoted once it runs, and not while Helm still upgrades to the one before',
    async () => {
      await commitDev({ tag: '1.9.3', hook: true });
      await hookStarted('1.9.3');
      await commitDev({ tag: '1.9.4', hook: true });
      await waitFor('the next tag in the cluster', async () => {
        const { values } = await spec();
        return values.image.tag === '1.9.4' ? { done: values } : { saw: values };
      });
      await completeHook('1.9.3');
      await hookStarted('1.9.4');
      const meanwhile = await fleet.look();

      expect((await runs())[0]).toBe('1.9.3');
      expect(meanwhile.environments?.dev?.deployment).not.toMatchObject({
        phase: 'Succeeded',
        revision: '1.9.4',
      });
      expect(meanwhile.environments?.prod?.promotion).toMatchObject({
        revision: '1.9.2',
        phase: 'Succeeded',
      });

      await completeHook('1.9.4');
      await fleet.merge('1.9.4');
      expect(await runs()).toEqual(['1.9.4', '1.9.4']);
    },
    2 * MINUTE,
  );
});
