import type { PushForm, RefusedPush } from '../../lib/git/index.ts';

const RULES: Readonly<Record<NonNullable<RefusedPush['about']>, string>> = {
  'branch-name': 'Set pull-request.branch to a name that the rule allows.',
  'commit-message': 'Set templates.commit to a message that the rule allows.',
  person: 'Set commit.author and commit.committer to people that the rule allows.',
  signature: 'Put signing-key into the Secret that secretRef, or commit.signingKeySecretRef, names.',
};

/** Says which field of the Pipeline, or which right on the server, helps when a push is refused. */
export function pushAdvice({ kind, about, branch, form }: RefusedPush): string | undefined {
  switch (kind) {
    case 'force':
      return forceAdvice(branch, form);
    case 'declined':
      return `Allow Turnpike's user to push to ${branch}${form === undefined ? '' : ', by force too'}.`;
    case 'rule':
      return about && RULES[about];
    case 'passing':
      return undefined;
  }
}

/** Neither a push that replaces the branch nor a commit on top of it is taken. */
function forceAdvice(branch: string, form: PushForm | undefined): string {
  const other =
    form === 'forced-only'
      ? 'set mergeMethod to merge or squash'
      : 'delete the branch once its pull request is merged';
  return `Allow force pushes on ${branch} for Turnpike's user, or ${other}.`;
}
