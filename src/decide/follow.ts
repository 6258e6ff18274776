import type { PromotionStatus } from '../api/pipeline.ts';
import { downgrade, toClose } from './candidate.ts';
import { isByHand } from './gates.ts';
import { shortRevision } from './revision.ts';
import { ownValue } from './state.ts';
import { applicationPoll, type Context, changed, PULL_REQUEST_POLL, pollAfter, type Step } from './step.ts';

/** Follows a pull request to its merge, and the merged change to its deployment. */
export function followPullRequest(
  context: Context,
  record: PromotionStatus,
  tryAgain: (record: PromotionStatus) => Step,
): Step {
  if (record.phase === 'Merged') return awaitDeployment(context, record);
  const { name } = context.environment;
  switch (ownValue(context.pullRequests, name) ?? 'open') {
    case 'merged':
      return awaitDeployment(context, record);
    case 'closed':
      return changed(context, record, { phase: 'Rejected', message: whyRejected(record, name) });
    // A forge may say so for a moment: whoever opens another one looks once more what became of this.
    case 'missing':
      return tryAgain({ ...record, phase: 'Pending' });
    case 'open': {
      const older = isByHand(record) ? undefined : downgrade(context, record.revision);
      if (older === undefined) {
        return { kind: 'rest', wakeAfter: pollAfter(context, record, PULL_REQUEST_POLL) };
      }
      return changed(context, record, { phase: 'Superseded', message: older + toClose(record) });
    }
  }
}

function awaitDeployment(context: Context, record: PromotionStatus): Step {
  const { environment, state } = context;
  const { deployment } = state;
  const failed = deployment?.phase === 'Failed' && deployment.revision === record.revision;
  const message = failed
    ? `${changeOf(record)} is merged, but the deployment to ${environment.name} failed: ${deployment.message ?? 'no reason given.'}`
    : `${changeOf(record)} is merged; waits until ${environment.name} is ready at ${shortRevision(record.revision)}.`;
  const wakeAfter = pollAfter(context, record, applicationPoll(environment));
  return changed(context, record, { phase: 'Merged', message }, wakeAfter);
}

/** A person said no. */
export function whyRejected(record: PromotionStatus, environment: string): string {
  return `${changeOf(record)} was closed without merging: ${shortRevision(record.revision)} is not promoted to ${environment} again by itself.`;
}

function changeOf({ pullRequest }: PromotionStatus): string {
  return pullRequest ? `Pull request #${pullRequest.number}` : 'The change';
}
