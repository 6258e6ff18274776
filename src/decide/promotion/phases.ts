import type { PromotionPhase } from '../../api/pipeline.ts';
import { BEFORE_MERGE, type In, TRYABLE, UNFINISHED } from '../model/phase.ts';

/** A transition from one phase to another. */
export interface PhaseTransition {
  readonly from: readonly PromotionPhase[];
  readonly to: PromotionPhase;
  /** Plain words that follow "when". */
  readonly when: string;
}

/**
 * All transitions between the phases of a promotion, by their causes: an event, an observation or a decision. A
 * promotion changes its phase by `transition` alone, which takes a cause, and the compiler checks that the phase before
 * is one that the cause may follow. A promotion begins as Pending, in place of the one before it. docs/status.md shows
 * this table.
 */
export const TRANSITIONS = {
  // Caused before an attempt.
  approvalNeeded: { from: TRYABLE, to: 'WaitingApproval', when: 'a person has to approve it' },
  approved: { from: ['WaitingApproval'], to: 'Pending', when: 'a person approves it' },
  held: { from: TRYABLE, to: 'Pending', when: 'a gate holds it' },
  previousNotReady: {
    from: ['Pending', 'Promoting', 'Failed'],
    to: 'Pending',
    when: 'the previous environment is not ready at one revision',
  },
  attempted: { from: TRYABLE, to: 'Promoting', when: 'an attempt begins' },
  notifying: { from: TRYABLE, to: 'Pending', when: 'the notification is about to be raised' },

  // Caused by an attempt, whatever happened meanwhile.
  notified: { from: UNFINISHED, to: 'Promoting', when: 'the notification is raised' },
  opened: { from: UNFINISHED, to: 'PullRequestOpen', when: 'an attempt opens or updates the pull request' },
  committed: {
    from: UNFINISHED,
    to: 'Merged',
    when: 'an attempt pushes the change, or finds it in the base branch',
  },
  needless: { from: UNFINISHED, to: 'Pending', when: 'an attempt has nothing new for the base branch' },
  attemptFailed: {
    from: [...TRYABLE, 'Merged'],
    to: 'Pending',
    when: 'an attempt fails for a reason that can clear by itself',
  },
  personNeeded: { from: UNFINISHED, to: 'Failed', when: 'an attempt fails, and only a person can help' },
  foundClosed: {
    from: UNFINISHED,
    to: 'Rejected',
    when: 'an attempt finds its pull request closed by a person',
  },
  foundReverted: { from: UNFINISHED, to: 'Rejected', when: 'an attempt finds its merge reverted' },

  // Caused by the pull request.
  merged: { from: BEFORE_MERGE, to: 'Merged', when: 'its pull request is merged' },
  closed: {
    from: BEFORE_MERGE,
    to: 'Rejected',
    when: 'its pull request is closed by a person, or merged into another branch',
  },
  lapsed: { from: BEFORE_MERGE, to: 'Pending', when: 'its pull request is closed, but not by a person' },
  unseen: { from: ['PullRequestOpen'], to: 'Pending', when: 'the forge does not show its pull request' },
  forgeSilent: {
    from: BEFORE_MERGE,
    to: 'Pending',
    when: 'it is to end, and the forge does not say whether it has a pull request',
  },
  movedElsewhere: {
    from: ['PullRequestOpen', 'Merged'],
    to: 'Pending',
    when: 'the spec names another repository, branch or strategy',
  },
  reverted: { from: ['Merged'], to: 'Rejected', when: 'its merge is reverted before it is deployed' },
  reopened: { from: ['Rejected'], to: 'PullRequestOpen', when: 'a person opens its pull request again' },
  mergedAfterAll: {
    from: ['Rejected', 'Superseded'],
    to: 'Merged',
    when: 'its pull request is merged after all',
  },
  closedBefore: {
    from: ['Superseded'],
    to: 'Rejected',
    when: 'a person had closed its pull request before Turnpike did',
  },

  // Caused by the end of the promotion.
  deployed: {
    from: [...UNFINISHED, 'Rejected'],
    to: 'Succeeded',
    when: 'the environment is ready at the revision',
  },
  rejectedBefore: { from: UNFINISHED, to: 'Rejected', when: 'its revision was rejected here before' },
  rolledBack: {
    from: BEFORE_MERGE,
    to: 'Superseded',
    when: 'the previous environment was rolled back from it',
  },
  wentOn: { from: BEFORE_MERGE, to: 'Superseded', when: 'the environment ran it and moved on from it' },
  downgrade: { from: BEFORE_MERGE, to: 'Superseded', when: 'the environment runs a newer version' },
  overtaken: { from: ['Merged'], to: 'Superseded', when: 'the environment runs a newer version' },
  replaced: {
    from: UNFINISHED,
    to: 'Superseded',
    when: 'the previous environment has another revision, which is not promoted',
  },
  unconfigured: {
    from: UNFINISHED,
    to: 'Superseded',
    when: 'no promotion is configured into the environment',
  },
  nowFirst: { from: UNFINISHED, to: 'Superseded', when: 'the environment becomes the first one' },
  otherApplication: {
    from: UNFINISHED,
    to: 'Superseded',
    when: 'the spec names another application, or another place of its revision',
  },
} as const satisfies Readonly<Record<string, PhaseTransition>>;

export type Cause = keyof typeof TRANSITIONS;

/** A promotion that the cause may follow; with several causes, each of them. */
export type Before<By extends Cause> = In<PromotionPhase & EachFrom<By>>;
type EachFrom<By extends Cause> = (
  By extends Cause
    ? (phase: (typeof TRANSITIONS)[By]['from'][number]) => void
    : never
) extends (phase: infer Phase) => void
  ? Phase
  : never;

export type After<By extends Cause> = In<(typeof TRANSITIONS)[By]['to']>;
