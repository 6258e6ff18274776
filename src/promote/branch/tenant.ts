import type { BranchUpdate } from './port.ts';

/** The namespace that work is done for: each has its turn, however much the others have to do. */
export function tenantOf({ markerKey }: Pick<BranchUpdate, 'markerKey'>): string | undefined {
  return markerKey.split(':')[0];
}
