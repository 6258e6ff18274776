import { setTimeout as sleep } from 'node:timers/promises';

/** An effect on the things of one kind that match. */
export interface Weapon<Thing, Effect> {
  readonly matches: (thing: Thing) => boolean;
  readonly effect: (thing: Thing) => Effect;
}

export interface Injection {
  /** The number of things that it affects; default: one. */
  readonly count?: number;
  /** The longest that it waits for them. */
  readonly seconds: number;
}

/** Weapons that wait for a thing to affect. */
export interface Armory<Thing, Effect> {
  /** The effect on this thing; undefined: none. */
  take(thing: Thing): Effect | undefined;
  /** Ends when it has affected as many things as ordered, or the time is over; true: at least one. */
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
