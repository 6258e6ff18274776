/** Upper bounds of histograms, in seconds. */

/** From half a millisecond to a quarter of a minute: what answers a request. */
export const QUICK = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];

/** From a millisecond to a quarter of an hour: what waits its turn. */
export const QUEUE = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900];

/** Ten from 10 ms to half an hour, as Flux counts its reconciliations. */
export const RECONCILE = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1800];

/** A deployment takes from seconds to hours. */
export const DEPLOYMENT = [1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 4 * 3600, 86_400];

/** A promotion waits for people, so from a second to two weeks. */
export const PROMOTION = [
  1,
  5,
  15,
  60,
  300,
  900,
  3600,
  4 * 3600,
  86_400,
  3 * 86_400,
  7 * 86_400,
  14 * 86_400,
];
