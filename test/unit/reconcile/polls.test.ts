import { describe, expect, test } from 'bun:test';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import { createPolls } from '../../../src/reconcile/polls.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { at, NOW, running, withState } from '../../fakes/pipeline.ts';

/** Open for so long that it is looked at every two minutes. */
const OPEN = withState(running({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }), 'staging', {
  promotion: {
    revision: '1.1.0',
    phase: 'PullRequestOpen',
    updatedAt: at(-100_000),
    pullRequest: { url: 'https://f/pulls/7', number: 7 },
  },
});

/** What becomes of a poll whose forge could not be asked. */
async function failedPoll(error: TurnpikeError) {
  const promoter = {
    promote: () => Promise.reject(error),
    runTask: () => Promise.reject(error),
    findPullRequest: () => Promise.reject(error),
    pullRequestState: () => Promise.reject(error),
  };
  const policy = { delaySeconds: 2, maxDelaySeconds: 20, threshold: 3, resyncSeconds: 600 };
  const { log, lines } = createFakeLog();
  const polls = createPolls({ promoter, policy, log });
  const answers = await polls.ask(OPEN, { now: NOW, requested: false });
  expect(answers.pullRequests).toEqual({});
  const levels = lines.map((line) => JSON.parse(line).level);
  return { wakeAfter: answers.wakeAfter, levels };
}

/** Seconds until the pull request is looked at again. */
async function wakeAfter(error: TurnpikeError): Promise<number> {
  return (await failedPoll(error)).wakeAfter;
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

  test('is a warning, but not while a rate limit holds polls, which are many', async () => {
    expect((await failedPoll(unavailable())).levels).toEqual(['warn']);
    expect((await failedPoll(limited(1))).levels).toEqual(['debug']);
  });
});

function unavailable(): TurnpikeError {
  return new TurnpikeError('ForgeUnavailable', 'The forge is away.', { retry: 'backoff' });
}
