import { median } from '../../../bench/table.ts';
import type { Trial } from './trial.ts';

/** The memory that may be used of the Deployment's 512Mi. */
export const MAX_MIB = 400;
const MAX_BLOCK_MS = 250;
const MAX_TIMES = 2;

/** A trial and what was measured without its acts. */
export interface Compared {
  readonly trial: Trial;
  readonly without: Trial;
}

/** All goals that were missed, a sentence each. */
export function missedBy({ trial, without }: Compared): string[] {
  return [...broken(trial), ...slow(trial, without), ...broken(without)];
}

/** The goals that hold on any machine, however slow it is: a sentence for each that is missed. */
export function broken(trial: Trial): string[] {
  const { acts, peak, endings, leasesLost, lost } = trial;
  const unreached = acts.filter(({ reached }) => reached === 0);
  const sentences = [
    ...unreached.map(({ act, said }) => `${act} came to nothing: ${said}`),
    ...(peak > MAX_MIB ? [`${Math.round(peak)} MiB were taken, more than ${MAX_MIB}`] : []),
    ...endings.map((ending) => `the process: ${ending}`),
    ...(leasesLost > 0 ? [`the Lease was lost ${leasesLost} times`] : []),
    ...lost.map((one) => `lost: ${one}`),
  ];
  return sentences.map((sentence) => `${nameOf(trial)}: ${sentence}`);
}

/** The goals of time: only where nothing else runs on the machine. */
function slow(trial: Trial, without: Trial): string[] {
  const { busy } = trial.blocks;
  const [now, before] = [median(trial.seconds), median(without.seconds)];
  const sentences = [
    ...(busy > MAX_BLOCK_MS ? [`the event loop was blocked for ${Math.round(busy)} ms`] : []),
    ...(now <= MAX_TIMES * before
      ? []
      : [`a pull request took ${now.toFixed(2)} s, more than twice the ${before.toFixed(2)} s without`]),
    // The API server waits five seconds for admission.
    ...trial.reviews.refused.map((one) => `admission: ${one}`),
  ];
  return sentences.map((sentence) => `${nameOf(trial)}: ${sentence}`);
}

export function nameOf({ acts }: Pick<Trial, 'acts'>): string {
  return acts.length === 0 ? 'without' : acts.map(({ act }) => act).join(' + ');
}
