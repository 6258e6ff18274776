import type { TargetStatus } from '../../api/pipeline.ts';
import { isSame, revisionOf } from '../model/revision.ts';
import type { Observation } from './application.ts';

/**
 * Whether what was seen may be older than what is recorded. The memory of a watch that broke off is behind, and another
 * replica, or an event, may have recorded more by then: taking that back would look like a rollback.
 */
export function mayBeStale(recorded: TargetStatus | undefined, seen: Observation): boolean {
  if (recorded?.seen === 'gone') return seen.kind === 'application';
  if (recorded?.seen !== 'now') return false;
  if (seen.kind !== 'application') return seen.kind === 'absent';
  if (seen.keeps || isSame(revisionOf(seen), revisionOf(recorded))) return false;
  return !(Date.parse(seen.deployedAt ?? '') > Date.parse(recorded.deployedAt ?? ''));
}
