import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { type Lab, startLab } from '../../lab/lab.ts';
import { freePort } from '../../lab/ports.ts';
import { createScenario } from '../../lab/scenario.ts';
import { installTurnpike, serveTurnpike, type Turnpike } from '../../lab/turnpike.ts';
import { waitUntil } from '../../lab/wait.ts';

/** `dist/turnpike` where its admission webhook cannot get a certificate. */

setDefaultTimeout(60_000);

const WEBHOOK = 'validatingwebhookconfiguration/turnpike';

let lab: Lab;
let turnpike: Turnpike;
let admissionPort: number;

beforeAll(async () => {
  lab = await startLab({ definitions: true });
  admissionPort = await freePort();
  await installTurnpike(lab, admissionPort);
  await lab.kubectl(['delete', WEBHOOK]);
  turnpike = await serveTurnpike(lab, admissionPort, {
    until: ['/readyz'],
    flags: { 'leader-elect': 'true' },
  });
}, 5 * 60_000);

afterAll(() => lab?.stop());

const probe = (path: string) => fetch(`${turnpike.probes}${path}`);

async function serverReady(): Promise<string | undefined> {
  const text = await (await fetch(`${turnpike.metrics}/metrics`)).text();
  return /^turnpike_server_ready\{server="admission"\} (\d)$/m.exec(text)?.[1];
}

test('an admission webhook without a certificate keeps no event away, and it is said', async () => {
  expect((await probe('/readyz')).status).toBe(200);
  const admission = await probe('/readyz/admission');
  expect([admission.status, await admission.text()]).toEqual([
    503,
    expect.stringContaining('ValidatingWebhookConfiguration "turnpike" does not exist'),
  ]);
  expect(await serverReady()).toBe('0');
  expect(await turnpike.log()).toContainEqual(
    expect.objectContaining({ msg: 'admission webhook not started, retrying' }),
  );
  const app = await createScenario(lab, 'no-admission', {
    url: 'https://git.example.com/acme/fleet',
    token: 'none',
    promotion: { manual: true },
    strategy: { notification: {} },
  });
  await app.deploy('dev', '1.1.0');
  expect((await app.notify(turnpike.hook, 'dev', '1.1.0')).status).toBe(202);
});

test('it is there as soon as the certificate can be had', async () => {
  await installTurnpike(lab, admissionPort);
  await waitUntil('admission', async () => (await probe('/readyz/admission')).ok, { seconds: 20 });
  expect(await serverReady()).toBe('1');
});

test('a lost authority is put back with the rights that the manifests give', async () => {
  const bundle = async () => {
    const { webhooks } = (await lab.get([WEBHOOK])) as {
      webhooks: { clientConfig: { caBundle?: string } }[];
    };
    return webhooks[0]?.clientConfig.caBundle;
  };
  const before = await bundle();
  const patch = [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }];
  await lab.kubectl(['patch', WEBHOOK, '--type=json', '-p', JSON.stringify(patch)]);
  await waitUntil('the authority', async () => (await bundle()) === before, { seconds: 10 });
  expect(before).toBeString();
  const lines = (await turnpike.log()).map(({ msg }) => msg);
  expect(lines).toContain('this replica leads');
  for (const line of ['watch interrupted', 'lease not renewed']) expect(lines).not.toContain(line);
});
