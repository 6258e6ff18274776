import { describe, expect, test } from 'bun:test';
import { pipelineKey } from '../../../src/api/pipeline.ts';
import { passWhileLeading } from '../../../src/cli/serve/election.ts';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import { CHECKPOINTS } from '../../../src/promote/checkpoint.ts';
import { failureOf } from '../../fakes/failure.ts';

const KEY = pipelineKey('apps', 'app');

describe('a promotion between two steps', () => {
  test('goes on while this replica leads', async () => {
    const pass = passWhileLeading(() => true);
    for (const checkpoint of CHECKPOINTS) await pass(checkpoint, KEY);
  });

  test.each(CHECKPOINTS)('stops at %s when another replica leads, and says so', async (checkpoint) => {
    expect(await failureOf(passWhileLeading(() => false)(checkpoint, KEY))).toMatchObject({
      code: 'NotLeading',
      message: `This replica no longer leads: it stops at ${checkpoint}, and the one that leads goes on.`,
    });
  });

  test('is held where that is asked for, and stops if the lead is lost meanwhile', async () => {
    let isLeading = true;
    const held: string[] = [];
    const pass = passWhileLeading(
      () => isLeading,
      async (checkpoint, pipeline) => {
        held.push(`${pipeline} at ${checkpoint}`);
        await Bun.sleep(0);
        isLeading = false;
      },
    );
    expect(await failureOf(pass('before-push', KEY))).toMatchObject({ code: 'NotLeading' });
    expect(held).toEqual(['apps/app at before-push']);
  });

  test('stops where what holds it says so, also while this replica leads', async () => {
    const ended = new TurnpikeError('GitUnavailable', 'Turnpike is stopping.');
    const pass = passWhileLeading(
      () => true,
      () => Promise.reject(ended),
    );
    expect(await failureOf(pass('before-push', KEY))).toBe(ended);
  });
});
