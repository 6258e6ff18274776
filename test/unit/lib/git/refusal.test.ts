import { describe, expect, test } from 'bun:test';
import { refusalOf } from '../../../../src/lib/git/refusal.ts';

const BRANCH = 'promotion-apps-podinfo-prod';
const HOOK = 'pre-receive hook declined';

const FORCE = [
  ['Git', 'non-fast-forward error: denying non-fast-forward (you should pull first)'],
  ['GitHub', 'push declined due to repository rule violations - Cannot force-push to this branch'],
  [
    'GitHub, a protected branch',
    'protected branch hook declined error: Cannot force-push to a protected branch',
  ],
  ['GitHub, older', `${HOOK} error: GH003: Sorry, force-pushing to ${BRANCH} is not allowed.`],
  ['GitLab', `${HOOK} GitLab: You are not allowed to force push code to a protected branch on this project.`],
  ['Gitea', `${HOOK} Gitea: branch ${BRANCH} is protected from force push`],
  ['Azure DevOps', "TF401027: You need the Git 'ForcePush' permission to perform this action."],
  ['Gerrit', 'prohibited by Gerrit: not permitted: force update'],
  ['a hook', `${HOOK} Rewriting history is not permitted.`],
] as const;

const RULES = [
  ['GitLab, branch name', `${HOOK} GitLab: Branch name does not follow the pattern '^team/'`, 'branch-name'],
  [
    'GitHub, branch name',
    'push declined due to repository rule violations - Branch name must start with a matching pattern: team/',
    'branch-name',
  ],
  [
    'GitHub, creation',
    'push declined due to repository rule violations - Cannot create ref due to creations being restricted.',
    'branch-name',
  ],
  [
    'Azure DevOps, folders',
    "TF401027: You need the Git 'CreateBranch' permission to perform this action.",
    'branch-name',
  ],
  [
    'Git, a branch of the first part of the name',
    "failed to update ref error: cannot lock ref: 'refs/heads/a' exists; cannot create 'refs/heads/a/b'",
    'branch-name',
  ],
  ['GitLab, message', `${HOOK} GitLab: Commit message does not follow the pattern 'JIRA-'`, 'commit-message'],
  ['GitLab, author', `${HOOK} GitLab: Author's email 't@x' does not follow the pattern '@acme'`, 'person'],
  [
    'GitLab, committer',
    `${HOOK} GitLab: Committer's email 't@x' does not follow the pattern '@acme'`,
    'person',
  ],
  ['GitHub, a private address', 'push declined due to email privacy restrictions', 'person'],
  [
    'GitHub, signatures',
    'push declined due to repository rule violations - Commits must have verified signatures.',
    'signature',
  ],
  ['GitLab, signatures', `${HOOK} GitLab: Commit must be signed with a GPG key`, 'signature'],
  ['Gitea, signatures', `${HOOK} Gitea: branch x is protected from unverified commit 1234`, 'signature'],
  [
    'GitHub, size',
    `${HOOK} error: GH001: File a.yaml is 123 MB; this exceeds GitHub's file size limit of 100 MB`,
    undefined,
  ],
  ['GitLab, size', `${HOOK} GitLab: File "a" is larger than the allowed size of 1 MiB.`, undefined],
] as const;

const DECLINED = [
  `${HOOK} promotions are frozen until Monday`,
  'hook declined',
  `${HOOK} Gitea: Not allowed to push to protected branch ${BRANCH}`,
  'TF402455: Pushes to this branch are not permitted; you must use a pull request to update this branch.',
  'push declined due to repository rule violations - Changes must be made through a pull request.',
  'protected branch hook declined error: GH006: Protected branch update failed',
  'branch is currently checked out',
  'deny updating a hidden ref',
];

const PASSING = [
  [
    'somebody was faster',
    "failed to update ref error: cannot lock ref 'refs/heads/x': is at 1 but expected 2",
  ],
  ['somebody was faster, to Git 2.50', 'incorrect old value provided'],
  ['somebody made it', 'reference already exists'],
  [
    'somebody was faster on Azure DevOps',
    "TF401028: The reference 'refs/heads/x' has already been updated by another client, so you cannot update it. Please try again.",
  ],
  ['a lock', 'failed to lock'],
  ['GitLab is away', `${HOOK} GitLab: Internal API error (502).`],
  ['GitLab cannot be reached', `${HOOK} GitLab: Internal API unreachable`],
  ['Gitea is away', `${HOOK} Gitea: Internal Server Connection Error`],
  ['a hook that takes too long', `${HOOK} the hook timed out`],
  ['a disk that is full', 'unpack unpack-objects abnormal exit error: No space left on device'],
  ['a pack that was cut', 'unpack index-pack abnormal exit'],
  [
    'GitLab is maintained',
    `${HOOK} GitLab: Git push is not allowed because this GitLab instance is currently in (read-only) maintenance mode.`,
  ],
  ['GitHub fails', 'failure fatal error in commit_refs'],
  ['nobody knows', 'it will not do'],
] as const;

const said = (words: string) => refusalOf(`ng refs/heads/${BRANCH} ${words}`, BRANCH);

describe('what a server says of a push', () => {
  test.each(FORCE)('that it takes no force push: %s', (_, words) => {
    expect(said(words).kind).toBe('force');
  });

  test.each(RULES)('that a rule is about something else: %s', (_, words, about) => {
    const refusal = said(words);
    expect(refusal.kind).toBe('rule');
    expect(refusal.about).toBe(about);
  });

  test.each(DECLINED)('that it is declined: %s', (words) => {
    expect(said(words)).toMatchObject({ kind: 'declined' });
  });

  test.each(PASSING)('that it may be taken the next time: %s', (_, words) => {
    expect(said(words).kind).toBe('passing');
  });

  test('does not depend on how branch and repository are called', () => {
    const branch = 'promotion-author-force-push-prod';
    const words = `ng refs/heads/${branch} ${HOOK} see https://git.example.com/signed/commit-message/${branch}`;
    expect(refusalOf(words, branch).kind).toBe('declined');
  });

  test.each(['force', 'prod', 'e', 'not', 'team/protected'])(
    'does not lose its sense where a branch is called %s',
    (branch) => {
      const kind = (words: string) => refusalOf(`ng refs/heads/${branch} ${words}`, branch).kind;
      expect(kind('non-fast-forward')).toBe('force');
      expect(kind(`${HOOK} Force push to ${branch} is not permitted, see the branch '${branch}'.`)).toBe(
        'force',
      );
      expect(kind(`${HOOK} it is not permitted`)).toBe('declined');
      expect(kind(`cannot lock ref 'refs/heads/${branch}': is at 1 but expected 2`)).toBe('passing');
      expect(kind('it will not do')).toBe('passing');
    },
  );

  test('is read as far as a rule says something of itself', () => {
    expect(said(`${HOOK} ${'.'.repeat(1_000_000)} non-fast-forward`).kind).toBe('declined');
  });
});
