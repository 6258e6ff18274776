import { setTimeout as sleep } from 'node:timers/promises';
import type { Letter, Manner } from '../courier.ts';
import { type Family, type Harm, oneByOne, type Stage } from '../family.ts';

const WAIT_SECONDS = 10;
const MINUTE_MS = 60_000;
const PLAIN: Manner = { copies: 1, delayMs: 0, skewMs: 0 };

function carry(
  change: (stage: Stage, letter: Letter) => Partial<Manner>,
  matches?: (letter: Letter) => boolean,
): Harm {
  return (stage) => {
    const manner = (letter: Letter) => ({ ...PLAIN, ...change(stage, letter) });
    return stage.courier.inject(manner, { seconds: WAIT_SECONDS }, matches);
  };
}

/** Targets known by events alone cannot heal: every event after one from the future is older than that. */
function isReadable({ app }: Letter): boolean {
  return app.shape !== 'events';
}

/** An event of the same application that was delivered before, byte by byte. */
function replay({ sent, random }: Stage, { app }: Letter): Partial<Manner> {
  return { replay: random.pickAny(sent.filter((one) => one.app === app)) };
}

/** Every event is dropped for some seconds. */
const allDropped: Harm = async ({ courier, random, scale }) => {
  const dropped = courier.inject(() => ({ ...PLAIN, copies: 0 }), {
    count: Number.POSITIVE_INFINITY,
    seconds: 1 + random.below(scale.silenceSeconds / 4),
  });
  return dropped;
};

/** Several at once arrive in another order than they were sent. */
const reordered: Harm = async ({ courier, random }) => {
  const injected = courier.inject(() => ({ ...PLAIN, delayMs: random.below(3000) }), {
    count: 6,
    seconds: 5,
  });
  await sleep(random.below(500));
  return injected;
};

export const eventsFamily: Family = {
  name: 'events',
  ...oneByOne({
    doubled: carry(({ random }) => ({ copies: 2 + random.below(4) })),
    reordered,
    delayed: carry(({ random, scale }) => ({ delayMs: random.below(scale.silenceSeconds * 1000) })),
    replayed: carry(replay),
    dropped: carry(() => ({ copies: 0 })),
    'all dropped': allDropped,
    'clock 10 min ahead': carry(() => ({ skewMs: 10 * MINUTE_MS }), isReadable),
    'clock 10 min behind': carry(() => ({ skewMs: -10 * MINUTE_MS })),
  }),
  reviews: [],
  abreast: 3,
  pullRequests: 0.25,
};
