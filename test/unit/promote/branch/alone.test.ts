import { expect, test } from 'bun:test';
import { createAlone } from '../../../../src/promote/branch/alone.ts';
import type { BatchedUpdate } from '../../../../src/promote/branch/batched.ts';
import { settled } from '../../../fakes/schedule.ts';

function updateOf(branch: string, signal?: AbortSignal): BatchedUpdate {
  return { branch, ...(signal && { signal }) } as BatchedUpdate;
}

test('updates of one branch wait for the first one also where one between them is given up', async () => {
  const events: string[] = [];
  const givenUp = new AbortController();
  const first = Promise.withResolvers<string>();
  const alone = createAlone<string>(({ signal }, { status }) => {
    events.push(signal ? `${status}, given up` : status);
  });
  alone.run(updateOf('main'), () => first.promise);
  alone.run(updateOf('main', givenUp.signal), async () => 'second');
  alone.run(updateOf('main'), async () => {
    events.push('third begins');
    return 'third';
  });
  const ended = alone.ended().then(() => events.push('ended'));
  givenUp.abort(new Error('given up'));
  await settled();
  expect(events).toEqual(['rejected, given up']);
  first.resolve('first');
  await ended;
  expect(events.slice(1)).toEqual(['fulfilled', 'third begins', 'fulfilled', 'ended']);
});
