import { afterEach, expect, test } from 'bun:test';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import { createOutbound } from '../../../src/lib/net/outbound.ts';
import { settled } from '../../fakes/schedule.ts';
import { waitUntil } from '../../lab/wait.ts';
import { gitStage } from '../stage/stage.ts';
import { BRANCH, branchUpdate, marked, type TestBranches, testBranches } from '../stage/support.ts';

const stage = gitStage({ 'prod.yaml': marked('1.0.0') });
const MOVED = new TurnpikeError('NotLeading', 'The Pipeline was moved to another shard.');

const opened: TestBranches[] = [];
afterEach(async () => {
  for (const branches of opened.splice(0)) await branches.close();
});

function pushes(): number {
  return stage.server.requests.filter(({ line }) => /^POST .*\/git-receive-pack$/.test(line)).length;
}

/** Room for one request, which another one takes once the push is prepared, until it is let go. */
async function promoteWithoutRoom(fence: () => Promise<void>) {
  const other = Promise.withResolvers<void>();
  let isThere = false;
  stage.server.intercept = (request) => {
    if (!request.url.endsWith('/other')) return undefined;
    isThere = true;
    return other.promise.then(() => new Response('ok'));
  };
  const outbound = createOutbound({ allowed: [], insecure: ['127.0.0.1'] }, { atOnce: 1 });
  const branches = await testBranches({ outbound });
  opened.push(branches);
  let isWaiting = false;
  const prepared = await branches.prepare(
    branchUpdate(stage.url, {
      fence,
      waiting(turn) {
        // The last wait is that for room.
        isWaiting = isThere;
        return turn;
      },
    }),
  );
  void outbound.send({ url: `${stage.server.url}/other` });
  await waitUntil('the other request', () => isThere);
  const promoted = prepared.push();
  await waitUntil('the wait for room', () => isWaiting);
  await settled();
  return { promoted, letGo: other.resolve };
}

test('what is stopped while its push waits for room is not pushed', async () => {
  let isElsewhere = false;
  const { promoted, letGo } = await promoteWithoutRoom(async () => {
    if (isElsewhere) throw MOVED;
  });
  isElsewhere = true;
  letGo();
  await expect(promoted).rejects.toBe(MOVED);
  expect(pushes()).toBe(0);
  expect(await stage.repository.tip(BRANCH)).toBeUndefined();
});

test('what waits for room is pushed once there is some', async () => {
  const { promoted, letGo } = await promoteWithoutRoom(async () => undefined);
  expect(pushes()).toBe(0);
  letGo();
  expect((await promoted).kind).toBe('pushed');
  expect(pushes()).toBe(1);
});
