import type { EnvironmentStatus, Pipeline, PromotionStatus } from '../../api/pipeline.ts';
import { cut } from '../../lib/text/index.ts';
import { revisionOf, shortRevision } from '../model/revision.ts';
import { environmentStatus, recordedPromotion } from '../model/state.ts';

/** All environments in one line: `dev 1.3.0 → staging 1.2.0 (PR #12) → prod 1.1.0`. */
export function summarize({ spec, status }: Pipeline): string {
  const parts = spec.environments.map((environment) => {
    const state = environmentStatus(status, environment.name);
    const note = noteOf(state);
    return `${environment.name} ${shownRevisions(state)}${note && ` (${note})`}`;
  });
  return cut(parts.join(' → '), 2048);
}

/** The revisions that the targets run, in short; a slash separates several. */
export function shownRevisions(state: EnvironmentStatus): string {
  const revisions = (state.targets ?? []).flatMap((target) => revisionOf(target) || []);
  return [...new Set(revisions.map(shortRevision))].join('/') || '–';
}

function noteOf(state: EnvironmentStatus): string {
  const promotion = recordedPromotion(state);
  if (!promotion) return '';
  const revision = shortRevision(promotion.revision);
  switch (promotion.phase) {
    case 'Pending':
      return `${revision} ${pending(promotion)}`;
    case 'WaitingApproval':
      return `${revision} waits for approval`;
    case 'Promoting':
      return `${revision} on its way`;
    case 'PullRequestOpen':
      return promotion.pullRequest ? `PR #${promotion.pullRequest.number}` : `${revision} on its way`;
    case 'Merged':
      return `${revision} merged`;
    case 'Failed':
      return `${revision} failed`;
    case 'Rejected':
      return `${revision} rejected`;
    case 'Succeeded':
    case 'Superseded':
      return '';
  }
}

function pending({ heldBy, nextAttemptAt }: PromotionStatus): string {
  switch (heldBy) {
    case 'Suspended':
      return 'suspended';
    case 'Soak':
      return 'soaks';
    case 'Window':
      return 'waits for a window';
    case 'Versions':
      return 'may not pass';
    case 'NothingNew':
      return 'nothing new';
    case 'NewerTarget':
    case 'PreviousEnvironment':
    case undefined:
      return nextAttemptAt ? 'is retried' : 'pending';
  }
}
