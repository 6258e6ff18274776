import { type Breakers, createBreakers } from '../../async/index.ts';
import { type ApiVersions, createApiVersions } from '../azure/known-versions.ts';
import { createPace, type Pace, REAL_WAITS, type Waits } from './concurrency.ts';
import { createEtagCache, type EtagCache } from './conditional-get.ts';
import { createRateLimits, type RateLimits } from './limits.ts';
import { createSightings, type Sightings } from './sightings.ts';

/** What all promotions know together of the forges: made once in a process. */
export interface ForgeMemory {
  readonly limits: RateLimits;
  readonly pace: Pace;
  readonly breakers: Breakers;
  readonly etags: EtagCache;
  readonly sightings: Sightings;
  readonly azureVersions: ApiVersions;
}

export function createForgeMemory(now: () => Date, waits: Waits = REAL_WAITS): ForgeMemory {
  return {
    limits: createRateLimits(now),
    pace: createPace(waits),
    breakers: createBreakers(now),
    etags: createEtagCache(),
    sightings: createSightings(now),
    azureVersions: createApiVersions(),
  };
}
