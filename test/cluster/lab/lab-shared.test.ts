import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import type { Lab } from '../../lab/lab.ts';
import { sharedLab } from '../../lab/shared.ts';
import { waitFor } from '../../lab/wait.ts';

const MINUTE = 60_000;

interface Received {
  readonly signature: string | null;
  readonly body: string;
}

describe('the shared lab', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await sharedLab();
  }, MINUTE);

  test('takes a repository from a commit to a merged pull request', async () => {
    const { gitea } = lab;
    await gitea.createRepository('round-trip', { 'apps/dev.yaml': 'version: 1\n', 'old.txt': 'ü\n' });
    const commit = await gitea.commit(
      'round-trip',
      'change',
      { 'apps/dev.yaml': 'version: 2\n', 'old.txt': null },
      'Raise the version',
    );
    const path = `/repos/${gitea.user}/round-trip/pulls`;
    await gitea.api('POST', path, { head: 'change', base: 'main', title: 'Raise the version' });

    const [open] = await gitea.pulls('round-trip');
    expect(open).toMatchObject({ number: 1, state: 'open', head: { ref: 'change', sha: commit } });
    await gitea.merge('round-trip', 1);
    expect(await gitea.pulls('round-trip', 'all')).toMatchObject([{ number: 1, merged: true }]);
    expect(await gitea.file('round-trip', 'main', 'apps/dev.yaml')).toBe('version: 2\n');
    expect(await gitea.file('round-trip', 'main', 'old.txt')).toBeUndefined();
  });

  describe('with Flux', () => {
    const received: Received[] = [];
    const listener = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      async fetch(request) {
        received.push({ signature: request.headers.get('x-signature'), body: await request.text() });
        return new Response();
      },
    });

    afterAll(() => listener.stop(true));

    test(
      'applies what Git holds and sends the signed event of it',
      async () => {
        const url = await lab.gitea.createRepository('applied', { 'app/config.yaml': CONFIG_MAP });
        await lab.kubectl(['create', 'namespace', 'lab-flux']);
        await lab.apply(notification(listener.url.href));
        await lab.apply(delivery(url));

        const applied = ['wait', 'kustomization/app', '-n', 'lab-flux', '--for=condition=Ready'];
        await lab.kubectl([...applied, '--timeout=45s']);
        expect(await lab.get(['configmap', 'app', '-n', 'lab-flux'])).toMatchObject({ data: { a: 'b' } });

        const { signature, body } = await waitFor('the event of the deployment', findDeployment, {
          seconds: 20,
        });
        expect(signature).toBe(`sha256=${createHmac('sha256', 'lab-key').update(body).digest('hex')}`);
        expect(JSON.parse(body)).toMatchObject({
          involvedObject: { kind: 'Kustomization', namespace: 'lab-flux', name: 'app' },
          severity: 'info',
          metadata: { revision: expect.stringMatching(/^main@sha1:[0-9a-f]{40}$/) },
        });
      },
      2 * MINUTE,
    );

    function findDeployment() {
      const found = received.find(({ body }) => body.includes('"reason":"ReconciliationSucceeded"'));
      return found === undefined ? { saw: received.map(({ body }) => body) } : { done: found };
    }
  });
});

const CONFIG_MAP = `apiVersion: v1
kind: ConfigMap
metadata:
  name: app
data:
  a: b
`;

/** A Provider that signs with `lab-key`, and an Alert that sends it everything about the Kustomization. */
function notification(address: string): string {
  return `apiVersion: v1
kind: Secret
metadata: { name: key, namespace: lab-flux }
stringData: { token: lab-key }
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: { name: listener, namespace: lab-flux }
spec:
  type: generic-hmac
  address: ${address}
  secretRef: { name: key }
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: { name: app, namespace: lab-flux }
spec:
  providerRef: { name: listener }
  eventSeverity: info
  eventSources: [{ kind: Kustomization, name: app }]
`;
}

function delivery(url: string): string {
  return `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: app, namespace: lab-flux }
spec:
  interval: 1m
  url: ${url}
  ref: { branch: main }
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: app, namespace: lab-flux }
spec:
  interval: 1m
  prune: true
  targetNamespace: lab-flux
  path: ./app
  sourceRef: { kind: GitRepository, name: app }
`;
}
