import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { type Lab, startLab } from '../../lab/lab.ts';
import { createScenario } from '../../lab/scenario.ts';
import { startTurnpike, type Turnpike } from '../../lab/turnpike.ts';
import { waitUntil } from '../../lab/wait.ts';

/** `dist/turnpike` where the address of notification-controller leads nowhere. */

setDefaultTimeout(60_000);

let lab: Lab;
let turnpike: Turnpike;

beforeAll(async () => {
  lab = await startLab({ definitions: true });
  turnpike = await startTurnpike(lab, { flags: { 'events-addr': 'http://127.0.0.1:9' } });
}, 5 * 60_000);

afterAll(() => lab?.stop());

test('an event that cannot be handed over delays nothing, and the log says what is given up at the stop', async () => {
  const url = 'https://git.example.com/acme/fleet';
  const app = await createScenario(lab, 'dead-end', {
    url,
    token: 'none',
    promotion: { manual: true },
    strategy: { notification: {} },
  });
  await app.deploy('dev', '1.1.0');
  expect((await app.notify(turnpike.hook, 'dev', '1.1.0')).status).toBe(202);
  const events = () => lab.kubectl(['get', 'events', '-n', app.name, '-o', 'jsonpath={.items[*].reason}']);
  await waitUntil('the Kubernetes Event', async () => (await events()) === 'WaitingApproval');

  expect(await turnpike.stop()).toBe(0);
  const givenUp = (await turnpike.log()).filter(({ flux }) => flux !== undefined);
  expect(givenUp).toMatchObject([
    { kubernetes: 0, flux: 1, msg: expect.stringContaining('dropped at shutdown') },
  ]);
});
