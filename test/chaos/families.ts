import { apiServerFamily } from './families/api-server.ts';
import { eventsFamily } from './families/events.ts';
import { forgeFamily } from './families/forge.ts';
import { processFamily } from './families/process.ts';
import type { Family } from './family.ts';

export const FAMILIES: readonly Family[] = [processFamily, apiServerFamily, forgeFamily, eventsFamily];
