import { describe, expect, test } from 'bun:test';
import { TurnpikeError } from '../../src/api/errors.ts';
import { createPolls } from '../../src/reconcile/polls.ts';
import { createFakeLog } from '../fakes/log.ts';
import { at, NOW, running, withState } from '../fakes/pipeline.ts';

/** Open for so long that it is looked at every two minutes. */
const OPEN = withState(running({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }), 'staging', {
  promotion: {
    revision: '1.1.0',
    phase: 'PullRequestOpen',
    updatedAt: at(-100_000),
    pullRequest: { url: 'https://f/pulls/7', number: 7 },
  },
});

/** Seconds until a pull request is looked at again whose forge could not be asked. */
async function wakeAfter(error: TurnpikeError): Promise<number> {
  const promoter = {
    promote: () => Promise.reject(error),
    runTask: () => Promise.reject(error),
    findPullRequest: () => Promise.reject(error),
    pullRequestState: () => Promise.reject(error),
  };
  const policy = { delaySeconds: 2, maxDelaySeconds: 20, threshold: 3, resyncSeconds: 600 };
  const polls = createPolls({ promoter, policy, log: createFakeLog().log });
  const answers = await polls.ask(OPEN, { now: NOW, requested: false });
  expect(answers.pullRequests).toEqual({});
  return answers.wakeAfter;
}

describe('a pull request that cannot be looked at', () => {
  const limited = (afterSeconds: number) =>
    new TurnpikeError('ForgeRateLimited', 'The forge limits the rate.', { retry: { afterSeconds } });

  test.each([
    ['is left alone for as long as the forge asks', limited(40), 40],
    ['is asked for no sooner than after 15 s, however short the limit is', limited(1), 15],
    ['is asked for again after 15 s when the forge is away', unavailable(), 15],
  ])('%s', async (_, error, seconds) => {
    expect(await wakeAfter(error)).toBe(seconds);
  });

  test('is asked for at its usual time where the limit is longer: what is held costs no request', async () => {
    const usual = await wakeAfter(new TurnpikeError('ForgeRefused', 'It is refused.', { retry: 'never' }));
    expect(usual).toBeWithin(60, 150);
    expect(await wakeAfter(limited(3600))).toBe(usual);
  });
});

function unavailable(): TurnpikeError {
  return new TurnpikeError('ForgeUnavailable', 'The forge is away.', { retry: 'backoff' });
}
