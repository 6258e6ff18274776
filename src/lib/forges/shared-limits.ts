import { type Breakers, createBreakers } from '../async/index.ts';
import { type ApiVersions, createApiVersions } from './azure/known-versions.ts';
import { type Concurrency, createConcurrency, REAL_WAITS, type Waits } from './request/concurrency.ts';
import { createEtagCache, type EtagCache } from './request/conditional-get.ts';
import { createRateLimits, type RateLimits } from './request/limits.ts';
import { createSightings, type Sightings } from './request/sightings.ts';

/** Limits, and the known state of the forges, shared by all that ask them: made once in a process. */
export interface SharedLimits {
  readonly limits: RateLimits;
  readonly concurrency: Concurrency;
  readonly breakers: Breakers;
  readonly etags: EtagCache;
  readonly sightings: Sightings;
  readonly azureVersions: ApiVersions;
}

export function createSharedLimits(now: () => Date, waits: Waits = REAL_WAITS): SharedLimits {
  return {
    limits: createRateLimits(now),
    concurrency: createConcurrency(waits),
    breakers: createBreakers(now),
    etags: createEtagCache(),
    sightings: createSightings(now),
    azureVersions: createApiVersions(),
  };
}
