import type { Outcome } from './drive-options.ts';
import type { Family, Stage } from './family.ts';
import { isKind, KINDS } from './round.ts';

/** A little faster than evenly, so that the last promotions need not wait for the last faults. */
const PACE = 1.25;
/** The share that is expected of the pull requests if they came as fast as notifications. */
const PULL_REQUEST_PACE = 0.7;

/** The work that was done so far, and its goals. */
export interface Tally {
  readonly faults: Map<string, number>;
  done(): number;
  /** True when one more strike is due: they are spread evenly over the promotions. */
  due(): boolean;
  enough(): boolean;
  describe(): string;
}

export function createTally(family: Family, { scale, flux, ledger, apps }: Stage, outcome: Outcome): Tally {
  const kinds = scale.kinds ? KINDS : [];
  const all = scale.only ?? [...family.faults, ...family.reviews, ...kinds];
  // Acts of people and incidents in dev come by themselves.
  const counted = all.filter((name) => !family.faults.includes(name));
  const faults = new Map(all.map((name) => [name, 0]));
  const done = () => flux.promotions() + outcome.rejected;
  // Progress counts by pull request as well: those take longer, and would be struck down before they get anywhere.
  const share =
    (apps.filter(({ strategy }) => strategy === 'pull-request').length / apps.length) * PULL_REQUEST_PACE;
  const progress = () => Math.min(done(), flux.promotions('pull-request') / share) / scale.promotions;
  const strikes = family.faults.filter((name) => faults.has(name));
  const struck = () => strikes.reduce((sum, name) => sum + (faults.get(name) ?? 0), 0);
  const wanted = Math.max(scale.hits * strikes.length, scale.strikes) * PACE;
  return {
    faults,
    done,
    due: () => done() >= scale.promotions || struck() < 1 + wanted * progress(),
    enough() {
      for (const one of counted) faults.set(one, ledger.done.get(one) ?? 0);
      if (outcome.lost.length >= scale.maxLost) return true;
      const least = (name: string) => (isKind(name) ? (scale.kinds?.[name] ?? 0) : scale.hits);
      const often = [...faults].every(([name, count]) => count >= least(name)) && struck() >= scale.strikes;
      return often && done() >= scale.promotions;
    },
    describe: () => `${done()} promotions, ${[...faults].map((one) => one.join(' ')).join(', ')}`,
  };
}
