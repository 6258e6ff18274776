import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Lab, startLab } from '../../lab/lab.ts';
import { createScenario } from '../../lab/scenario.ts';
import { startTurnpike, type Turnpike } from '../../lab/turnpike.ts';
import { waitUntil } from '../../lab/wait.ts';

/** `dist/turnpike` with its ServiceAccount's rights; nobody sends it an event. */

const MINUTE = 60_000;

let lab: Lab;
let turnpike: Turnpike;

beforeAll(async () => {
  lab = await startLab({ gitea: true, definitions: true });
  turnpike = await startTurnpike(lab);
}, 5 * MINUTE);

afterAll(() => lab?.stop());

async function reconciliations(): Promise<number> {
  const text = await (await fetch(`${turnpike.metrics}/metrics`)).text();
  const lines = text.match(/^controller_runtime_reconcile_total\{.*\} \d+$/gm) ?? [];
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

describe('a promotion without an event', () => {
  test(
    'starts within two seconds of the change, in each environment',
    async () => {
      const app = await createScenario(lab, 'unheard');
      await waitUntil('the first look', async () => (await app.status()).summary !== undefined);
      for (const [from, to] of [
        ['dev', 'staging'],
        ['staging', 'prod'],
      ] as const) {
        await app.deploy(from, '1.1.0');
        const changed = Date.now();
        const { startedAt } = await app.promotion(to, (phase) => phase === 'PullRequestOpen');
        expect(Date.parse(String(startedAt)) - changed).toBeLessThan(2000);
        const [pull] = await lab.gitea.pulls(app.repository, 'open');
        await lab.gitea.merge(app.repository, Number(pull?.number));
      }
      await app.deploy('prod', '1.1.0');
      await waitUntil(
        'the end',
        async () => (await app.status()).summary === 'dev 1.1.0 → staging 1.1.0 → prod 1.1.0',
      );
    },
    2 * MINUTE,
  );

  test(
    'is not looked at again for what we wrote ourselves',
    async () => {
      const app = await createScenario(lab, 'calm', { environments: ['dev'] });
      await waitUntil('the first look', async () => (await app.status()).summary === 'dev 1.0.0');
      await app.deploy('dev', '1.1.0');
      await waitUntil('the change', async () => (await app.status()).summary === 'dev 1.1.0');
      await Bun.sleep(500);
      const before = await reconciliations();
      await Bun.sleep(3000);
      expect((await reconciliations()) - before).toBeLessThan(3);
    },
    MINUTE,
  );
});
