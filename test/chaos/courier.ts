import { setTimeout as sleep } from 'node:timers/promises';
import { sendEvent } from '../lab/helm.ts';
import { createArmory, type Injection } from './armory.ts';
import type { App, EnvironmentName } from './fleet.ts';
import type { Random } from './random.ts';

/** notification-controller's part: it tries an event five times in 15 s, and then forgets it. */
export interface Courier {
  /** Begins to deliver an event, as of now. */
  deliver(letter: Letter): void;
  /** Sends the next so many events that match in this manner; ends like `Faults.inject`. */
  inject(
    manner: (letter: Letter) => Manner,
    injection: Injection,
    matches?: (letter: Letter) => boolean,
  ): Promise<boolean>;
  /** Ends when nothing is under way. */
  quiet(): Promise<void>;
}

export interface Letter {
  readonly app: App;
  readonly environment: EnvironmentName;
  /** The event without its time. */
  readonly event: object;
}

export interface Manner {
  /** The number of times it is sent; 0: it is lost. */
  readonly copies: number;
  readonly delayMs: number;
  /** The error of the sender's clock. */
  readonly skewMs: number;
  /** Send this one in addition, as it was sent first. */
  readonly replay?: Sent | undefined;
}

/** An event as it went out, signed over this very body. */
export interface Sent {
  readonly app: App;
  readonly environment: EnvironmentName;
  readonly event: object;
}

const PLAIN: Manner = { copies: 1, delayMs: 0, skewMs: 0 };
const TRIES = 5;
const REMEMBERED = 200;

export interface CourierOptions {
  readonly hooks: readonly [string, ...string[]];
  readonly random: Random;
  readonly sent: Sent[];
}

export function createCourier({ hooks, random, sent }: CourierOptions): Courier {
  const underWay = new Set<Promise<void>>();
  const armed = createArmory<Letter, Manner>();

  async function send({ app, environment, event }: Sent): Promise<void> {
    for (let tried = 0; tried < TRIES; tried += 1) {
      const url = `${random.pick(hooks)}/promotion/${app.namespace}/${app.name}/${environment}`;
      const answer = await sendEvent(event, { url, key: app.key }).catch(() => undefined);
      await answer?.arrayBuffer().catch(() => undefined);
      if (answer?.ok) return;
      await sleep(500 * 2 ** tried);
    }
  }

  async function carry(letter: Letter, { copies, delayMs, skewMs, replay }: Manner): Promise<void> {
    const timestamp = new Date(Date.now() + skewMs).toISOString();
    const one = { ...letter, event: { ...letter.event, timestamp } };
    if (replay) await send(replay);
    await sleep(delayMs);
    await Promise.all(Array.from({ length: copies }, () => send(one)));
    if (sent.push(one) > REMEMBERED) sent.shift();
  }

  return {
    deliver(letter) {
      const running = carry(letter, armed.take(letter) ?? PLAIN).finally(() => underWay.delete(running));
      underWay.add(running);
    },
    inject: (manner, injection, matches = () => true) => armed.inject({ matches, effect: manner }, injection),
    async quiet() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
