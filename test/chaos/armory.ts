import { setTimeout as sleep } from 'node:timers/promises';

/** Something that is to befall things of one kind. */
export interface Weapon<Thing, Effect> {
  readonly matches: (thing: Thing) => boolean;
  readonly effect: (thing: Thing) => Effect;
}

export interface Injection {
  /** How many things it befalls; one unless told otherwise. */
  readonly count?: number;
  /** How long it waits for them. */
  readonly seconds: number;
}

/** What waits for a thing to befall. */
export interface Armory<Thing, Effect> {
  /** What befalls this thing; undefined: nothing. */
  take(thing: Thing): Effect | undefined;
  /** Ends when it has befallen as many things as it shall, or the time is over; true: at least one. */
  inject(weapon: Weapon<Thing, Effect>, injection: Injection): Promise<boolean>;
}

export function createArmory<Thing, Effect>(): Armory<Thing, Effect> {
  const armed = new Set<{ readonly weapon: Weapon<Thing, Effect>; left: number; hits: number }>();

  return {
    take(thing) {
      for (const one of armed) {
        if (one.left === 0 || !one.weapon.matches(thing)) continue;
        one.left -= 1;
        one.hits += 1;
        return one.weapon.effect(thing);
      }
      return undefined;
    },
    async inject(weapon, { count = 1, seconds }) {
      const one = { weapon, left: count, hits: 0 };
      const deadline = performance.now() + seconds * 1000;
      armed.add(one);
      while (one.left > 0 && performance.now() < deadline) await sleep(10);
      armed.delete(one);
      return one.hits > 0;
    },
  };
}
