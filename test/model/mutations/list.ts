/** A fault that was in the code once. */
export interface Mutation {
  readonly letter: string;
  readonly what: string;
  /** The configuration that is looked at first. */
  readonly first?: string;
  readonly changes: readonly Replacement[];
}

export interface Replacement {
  /** Below the root of the repository. */
  readonly file: string;
  readonly old: string;
  readonly new: string;
}

/** Nobody looks whether what was merged is in the base branch still. */
const NO_REVERT: readonly Replacement[] = [
  {
    file: 'src/decide/promotion/pull-request-state.ts',
    old: "return says === 'reverted' ? takenBack(context, record) : state;",
    new: 'return state;',
  },
];

/** What the model must find, each for itself. */
export const MUTATIONS: readonly Mutation[] = [
  {
    letter: 'A1',
    what: 'an event about a revision that the next environment runs is not recorded',
    first: 'events alone, late, reordered and lost',
    changes: [
      {
        file: 'src/decide/observation/receive.ts',
        old: '  const confirmed = next && isConfirmation',
        new: `  if (meaning === 'deployed' && next && deployedRevision(environmentStatus(pipeline.status, next.name)) === located.revision)
    return { outcome: 'unchanged' };
  const confirmed = next && isConfirmation`,
      },
      {
        file: 'src/decide/observation/receive.ts',
        old: "import { environmentStatus, withEnvironment } from '../model/state.ts';",
        new: "import { deployedRevision, environmentStatus, withEnvironment } from '../model/state.ts';",
      },
    ],
  },
  {
    letter: 'A2',
    what: 'a rejection is not looked at when a revision comes a second time',
    first: 'people merge',
    changes: [
      {
        file: 'src/decide/gates/candidate.ts',
        old: 'const no = rejectionOf(state, revision);',
        new: 'const no = rejectionOf({}, revision);',
      },
    ],
  },
  {
    letter: 'A2',
    what: 'a pull request that was closed between two looks is none when a newer revision comes',
    changes: [
      {
        file: 'src/decide/promotion/pull-request-state.ts',
        old: "if (says === 'merged' || revision === undefined) return without;",
        new: 'return without;',
      },
      {
        file: 'src/decide/promotion/poll.ts',
        old: '? FRESH_SECONDS : pollAfter(context, record, PULL_REQUEST_POLL)',
        new: '? undefined : pollAfter(context, record, PULL_REQUEST_POLL)',
      },
      {
        file: 'src/promote/pull-request/ensure-pull-request.ts',
        old: 'rejected: known.rejected, ',
        new: '',
      },
    ],
  },
  {
    letter: 'A3',
    what: 'the event of one target starts a promotion',
    first: 'approvals, and events of two targets alone',
    changes: [
      {
        file: 'src/decide/observation/receive/follow.ts',
        old: 'const available = availableRevision(pipeline, index);',
        new: 'const available = full;',
      },
    ],
  },
  {
    letter: 'A8',
    what: 'an application that is deleted is believed to run after an event of it',
    first: 'applications that go, and clusters that cannot be read',
    changes: [
      {
        file: 'src/decide/observation/fold.ts',
        old: "if (seen?.kind === 'absent' && wasSeen)",
        new: 'if (false)',
      },
    ],
  },
  {
    letter: 'A9',
    what: 'a soak begins anew at each look where one target can be read and another one failed',
    first: 'one target that can be read and one that cannot, and a soak',
    changes: [
      {
        file: 'src/decide/report/executions.ts',
        old: "if (deployment?.phase !== 'Failed' || revision === undefined || isSame(revision, available))",
        new: "if (deployment?.phase !== 'Failed' || revision === undefined)",
      },
      {
        file: 'src/decide/observation/fold-deployment.ts',
        old: '  const revision = readyRevision(state);\n  if (revision) return',
        new: '  if (applications.length < observations.length) return undefined;\n  const revision = readyRevision(state);\n  if (revision) return',
      },
    ],
  },
  {
    letter: 'A10',
    what: 'a notification of a revision that comes a second time has the name of the first one',
    first: 'notifications',
    changes: [
      {
        file: 'src/promote/notification/notification.ts',
        old: '[pipeline.uid, environment, revision, startedAt]',
        new: '[pipeline.uid, environment, revision]',
      },
    ],
  },
  {
    letter: 'A11',
    what: 'a merge into another branch is a merge',
    first: 'Turnpike merges',
    changes: [
      {
        file: 'src/promote/pull-request/known-pull-request.ts',
        old: "? 'merged' : 'merged-elsewhere'",
        new: "? 'merged' : 'merged'",
      },
      // Else it would seem to be reverted, and end all the same.
      ...NO_REVERT,
    ],
  },
  {
    letter: 'B1',
    what: 'a pull request of another repository is closed by its number',
    first: 'a change of the repository, and environments that go',
    changes: [
      {
        file: 'src/promote/pull-request/run-task.ts',
        old: 'if (!pull || !isOurs(pull, ref, options)) return DONE;',
        new: 'if (!pull) return DONE;',
      },
      {
        file: 'src/reconcile/promoter.ts',
        old: 'if (!repository || (settings && isSameRepository(settings.url, repository.url))) return settings;',
        new: 'if (settings) return settings;',
      },
    ],
  },
  {
    letter: 'C9',
    what: 'a merge that is overtaken waits for ever',
    first: 'a forge that refuses to close, and a base branch that is changed by hand',
    changes: [
      // Else what is in the base branch instead would seem to revert it.
      ...NO_REVERT,
      {
        file: 'src/decide/promotion/follow.ts',
        old: 'const newer = overtaking(context, record);',
        new: 'const newer: string | undefined = undefined;',
      },
    ],
  },
  {
    letter: 'C9',
    what: 'a merge that was reverted waits for ever',
    first: 'people merge',
    changes: NO_REVERT,
  },
  {
    letter: 'D1',
    what: 'a pull request is left open when the environment gets there otherwise',
    first: 'people merge',
    changes: [
      {
        file: 'src/decide/promotion/next.ts',
        old: "{ by: 'deployed', close,",
        new: "{ by: 'deployed',",
      },
    ],
  },
  {
    letter: 'D1',
    what: 'a pull request is left open when the base branch has its revision already',
    first: 'Turnpike merges',
    changes: [
      {
        file: 'src/decide/promotion/result.ts',
        old: "const merged = transition(record, { by: 'committed', message, close: message }, now);",
        new: "const merged = transition(record, { by: 'committed', message }, now);",
      },
    ],
  },
  {
    letter: 'D1',
    what: 'a pull request is left open where the spec leaves it behind',
    first: 'a change of the repository, and environments that go',
    changes: [
      {
        file: 'src/decide/observation/fold.ts',
        old: 'const status = withAbandoned({ ...pipeline, status: known }, now);',
        new: 'const status = known;',
      },
    ],
  },
];
