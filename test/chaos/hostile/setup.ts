import { buildTurnpike } from '../../../scripts/build.ts';
import { startLab } from '../../lab/lab.ts';
import { startContainer } from './container.ts';
import { createTeams, settleTeams } from './teams.ts';
import type { Setup } from './trial.ts';

const TEAMS = 10;

/** A lab of its own with Gitea, where one replica serves ten teams. */
export async function createSetup(note: (sentence: string) => void): Promise<Setup & AsyncDisposable> {
  const started = performance.now();
  await buildTurnpike();
  const lab = await startLab({ gitea: true, definitions: true, checkQueue: 'disk' });
  try {
    const container = await startContainer(lab);
    const teams = await createTeams(lab, TEAMS);
    await settleTeams(teams, { lab, hook: container.hook });
    note(`The setup is up after ${((performance.now() - started) / 1000).toFixed(1)} s.`);
    return {
      lab,
      container,
      teams,
      async [Symbol.asyncDispose]() {
        await container.stop();
        await lab.stop();
      },
    };
  } catch (error) {
    await lab.stop();
    throw error;
  }
}
