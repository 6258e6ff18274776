import { describe, expect, test } from 'bun:test';
import { pipelineKey } from '../../../src/api/pipeline.ts';
import { fenceByLead } from '../../../src/cli/serve/election.ts';
import { failureOf } from '../../fakes/failure.ts';

const KEY = pipelineKey('apps', 'app');

describe('a change that is to be made', () => {
  test('is made while this replica leads', async () => {
    await fenceByLead(() => true)(KEY);
  });

  test('is not when another replica leads, and that is said', async () => {
    expect(await failureOf(fenceByLead(() => false)(KEY))).toMatchObject({
      code: 'NotLeading',
      message: 'This replica no longer leads: it stops here, and the one that leads goes on.',
    });
  });
});
