import { describe, expect, test } from 'bun:test';
import { failureOf } from '../../fakes/failure.ts';
import { branchFacts } from '../stage/branch-facts.ts';
import { FILE, peopleStage } from '../stage/people.ts';
import { BRANCH } from '../stage/support.ts';

const people = peopleStage();
const { mergeAsForge } = branchFacts(() => people.stage.repository);
const CHOSEN = { mayBeTaken: true };

async function tipOf(branch: string): Promise<string> {
  return (await people.stage.repository.git('rev-parse', branch)).trim();
}

describe('a branch whose name the Pipeline chose', () => {
  test('is left alone when people have one of that name behind the base branch', async () => {
    await people.stage.repository.git('branch', BRANCH, 'main');
    const tip = await tipOf(BRANCH);

    const failure = await failureOf(people.promote('1.1.0', CHOSEN));
    expect(failure).toMatchObject({ code: 'GitRejected', retry: 'never' });
    expect(failure.message).toContain(`Branch ${BRANCH} in `);
    expect(failure.message).toContain(
      'already exists and does not belong to Turnpike: choose another pull-request.branch',
    );
    expect(await tipOf(BRANCH)).toBe(tip);
    expect(people.pushes()).toBe(0);
  });

  test('is left alone when people have commits of their own on it', async () => {
    await people.stage.repository.git('branch', BRANCH, 'main');
    const tip = await people.fixOnBranch();

    expect(await failureOf(people.promote('1.1.0', CHOSEN))).toMatchObject({ retry: 'never' });
    expect(await tipOf(BRANCH)).toBe(tip);
  });

  test('is gone on with when it is ours, be it merged, before that is recorded', async () => {
    const first = await people.promoted('1.1.0');
    expect(await people.promoteAnew('1.2.0', CHOSEN)).toMatchObject({ kind: 'pushed' });
    await mergeAsForge(BRANCH, [BRANCH]);
    expect(await people.promoteAnew('1.3.0', CHOSEN)).toMatchObject({ kind: 'pushed' });
    expect(await people.readVersion()).toBe('1.3.0');
    expect(await tipOf(BRANCH)).not.toBe(first);
  });

  test('is gone on with when its pull request is recorded, also after people have set it back', async () => {
    await people.promoted('1.1.0');
    await people.stage.repository.git('update-ref', `refs/heads/${BRANCH}`, 'main');

    expect(await people.promoteAnew('1.2.0')).toMatchObject({ kind: 'pushed' });
    expect(await people.stage.repository.read(BRANCH, FILE)).toContain('1.2.0');
  });
});
