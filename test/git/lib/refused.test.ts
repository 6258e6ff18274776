import { beforeEach, describe, expect, test } from 'bun:test';
import { chmod, writeFile } from 'node:fs/promises';
import type { BranchUpdate } from '../../../src/promote/branch/port.ts';
import { failureOf } from '../../fakes/failure.ts';
import { gitStage } from '../stage/stage.ts';
import { BRANCH, branchUpdate, marked } from '../stage/support.ts';

const OTHER_KEY = 'apps:other:prod';
const stage = gitStage({ 'prod.yaml': marked('1.0.0'), 'other.yaml': marked('1.0.0', OTHER_KEY) });

const promote = (changed: Partial<BranchUpdate> = {}) =>
  stage.branches.updateBranch(branchUpdate(stage.url, changed));

function pushes(): number {
  const isPush = (line: string) => line.startsWith('POST') && line.endsWith('/git-receive-pack');
  return stage.server.requests.filter(({ line }) => isPush(line)).length;
}

async function hook(script: string): Promise<void> {
  const file = `${stage.repository.path}/hooks/pre-receive`;
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

describe('a server with a rule on the names of branches', () => {
  beforeEach(() =>
    hook(`while read old new ref; do
      case $ref in refs/heads/team/*) ;; *) echo "GitLab: Branch name does not follow the pattern '^team/'" >&2; exit 1 ;; esac
    done`),
  );

  test('is asked once, and ends the promotion with its words and the cure', async () => {
    const failure = await failureOf(promote());
    expect(failure).toMatchObject({ code: 'GitRejected', retry: 'never' });
    expect(failure.message).toContain("Branch name does not follow the pattern '^team/'");
    expect(failure.message).toContain('Set pull-request.branch to a name that the rule allows.');
    expect(pushes()).toBe(1);
    expect(await stage.repository.tip(BRANCH)).toBeUndefined();
  });

  test('takes the branch by a name that the rule takes', async () => {
    expect(await promote({ branch: 'team/podinfo-prod' })).toMatchObject({ kind: 'pushed' });
  });

  test('keeps no branch back that comes with one that it refuses', async () => {
    const [refused, taken] = await Promise.allSettled([
      promote(),
      promote({ branch: 'team/other', markerKey: OTHER_KEY }),
    ]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { retry: 'never' } });
    expect(taken).toMatchObject({ status: 'fulfilled', value: { kind: 'pushed' } });
  });
});

describe('a push that is refused', () => {
  test.each([
    ['a commit message', "GitLab: Commit message does not follow the pattern 'JIRA-'", 'templates.commit'],
    ['an author', "GitLab: Author's email does not follow the pattern", 'commit.author'],
    ['a signature', 'Commits must have verified signatures.', 'signing-key'],
    ['what it does not say', 'promotions are frozen until Monday', "Allow Turnpike's user to push"],
  ])('for %s is tried once, and waits for a person', async (_, words, cure) => {
    await hook(`echo "${words}" >&2; exit 1`);
    const failure = await failureOf(promote());
    expect(failure).toMatchObject({ code: 'GitRejected', retry: 'never' });
    expect(failure.message).toContain(words);
    expect(failure.message).toContain(cure);
    expect(pushes()).toBe(1);
  });

  test('because the server is away inside is tried again later', async () => {
    await hook('echo "GitLab: Internal API unreachable" >&2; exit 1');
    expect(await failureOf(promote())).toMatchObject({ code: 'GitRejected', retry: 'backoff' });
  });

  test('by a lock is tried again later', async () => {
    await writeFile(`${stage.repository.path}/refs/heads/${BRANCH}.lock`, '');
    expect(await failureOf(promote())).toMatchObject({ code: 'GitRejected', retry: 'backoff' });
  });

  test('because there is a branch of the first part of its name asks for another name', async () => {
    await stage.repository.git('branch', 'promotion', 'main');
    const failure = await failureOf(promote({ branch: 'promotion/prod' }));
    expect(failure).toMatchObject({ code: 'GitRejected', retry: 'never' });
    expect(failure.message).toContain('Set pull-request.branch');
  });

  test('on the branch itself, without a pull request, waits for a person too', async () => {
    await hook('echo "main is protected" >&2; exit 1');
    const failure = await failureOf(promote({ branch: 'main', isDirect: true }));
    expect(failure).toMatchObject({ code: 'GitRejected', retry: 'never' });
    expect(failure.message).toContain('main is protected');
    expect(pushes()).toBe(1);
  });
});
