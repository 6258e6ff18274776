import { describe, expect, test } from 'bun:test';
import { failureOf } from '../../fakes/failure.ts';
import { branchFacts } from '../stage/branch-facts.ts';
import { peopleStage } from '../stage/people.ts';
import { BRANCH } from '../stage/support.ts';

const people = peopleStage();
const { stage } = people;
const { commitsOf, parentOf, isAncestor } = branchFacts(() => people.stage.repository);

describe('somebody who is faster than a push', () => {
  /** Does something to the repository before a push arrives, `times` times. */
  function beforePush(times: number, act: (round: number) => Promise<unknown>): void {
    let round = 0;
    stage.server.intercept = (request, real) => {
      const isPush = request.method === 'POST' && request.url.endsWith('/git-receive-pack');
      if (!isPush || round >= times) return undefined;
      round += 1;
      return act(round).then(real);
    };
  }

  test('keeps the commit that was pushed between look and push', async () => {
    await people.promoted('2.0.0');
    let fix = '';
    beforePush(1, async () => {
      fix = await people.fixOnBranch();
    });
    expect(await people.promote('3.0.0')).toMatchObject({ kind: 'pushed', others: true });
    expect(await isAncestor(fix, BRANCH)).toBe(true);
    expect(await people.readVersion()).toBe('3.0.0');
  });

  test('keeps the commits that were pushed again and again, and the push is given up for now', async () => {
    await people.promoted('2.0.0');
    const fixes: string[] = [];
    beforePush(9, async (round) => {
      await people.grace.take(BRANCH);
      await people.grace.write('values.yaml', `a: ${round + 1}\n`);
      await people.grace.commit('Once more');
      fixes.push(await people.grace.push(BRANCH));
    });
    const failure = await failureOf(people.promote('3.0.0'));
    expect(failure).toMatchObject({ code: 'GitRejected', retry: 'backoff' });
    expect(fixes).toHaveLength(3);
    expect(await stage.repository.tip(BRANCH)).toBe(fixes.at(-1));
  });

  test('who deletes the branch has it made anew', async () => {
    await people.promoted('2.0.0');
    beforePush(1, () => stage.repository.git('branch', '-D', BRANCH));
    expect(await people.promote('3.0.0')).toMatchObject({ kind: 'pushed' });
    expect(await commitsOf(BRANCH)).toHaveLength(1);
  });

  test.each(['moves', 'deletes'])(
    'and %s the branch while it is looked at is looked at again',
    async (what) => {
      await people.promoted('2.0.0');
      await people.fixOnBranch();
      let isFirst = true;
      let other = '';
      stage.server.intercept = (request, real) => {
        if (!isFirst || request.method !== 'POST' || !request.url.endsWith('/git-upload-pack'))
          return undefined;
        isFirst = false;
        return (async () => {
          if (what === 'deletes') await stage.repository.git('branch', '-D', BRANCH);
          else {
            await people.grace.take('main');
            await people.grace.write('values.yaml', 'a: 3\n');
            other = await people.grace.commit('Begin anew');
            await people.grace.push(BRANCH);
          }
          return real();
        })();
      };
      expect(await people.promote('3.0.0')).toMatchObject({ kind: 'pushed' });
      expect(await commitsOf(BRANCH)).toHaveLength(what === 'deletes' ? 1 : 2);
      if (other) expect(await parentOf(BRANCH)).toBe(other);
    },
  );
});

describe('the branch of another pipeline with the same name', () => {
  test('is left alone too when somebody has committed to it', async () => {
    const theirs = { message: 'Promote\n\nTurnpike-Pipeline: a-b/c/prod\n' };
    await people.promote('2.0.0', theirs);
    const fix = await people.fixOnBranch();
    for (const again of [people.promote, people.promoteAnew]) {
      const failure = await failureOf(again('3.0.0'));
      expect(failure).toMatchObject({ code: 'GitRejected', retry: 'never' });
      expect(failure.message).toContain('belongs to another pipeline, a-b/c/prod');
    }
    expect(await stage.repository.tip(BRANCH)).toBe(fix);
  });
});
