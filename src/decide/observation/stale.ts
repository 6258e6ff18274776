import type { TargetStatus } from '../../api/pipeline.ts';
import { isSame, revisionOf } from '../model/revision.ts';
import type { Observation } from './application.ts';

/**
 * True if the observation may be older than the record. The cache of a watch that broke off is behind, and another
 * replica, or an event, may have recorded more meanwhile: to undo that would look like a rollback.
 */
export function mayBeStale(recorded: TargetStatus | undefined, seen: Observation): boolean {
  if (recorded?.seen === 'gone') return seen.kind === 'application';
  if (recorded?.seen !== 'now') return false;
  if (seen.kind !== 'application') return seen.kind === 'absent';
  if (seen.keeps || isSame(revisionOf(seen), revisionOf(recorded))) return false;
  return !(Date.parse(seen.deployedAt ?? '') > Date.parse(recorded.deployedAt ?? ''));
}
