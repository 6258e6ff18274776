import { deflateSync } from 'node:zlib';
import { type Act, between, MIB } from '../act.ts';
import { actAsGitServer, fetched, packAnswer, someUrgency } from '../git-server.ts';
import { commitOf, packOf } from '../pack.ts';

export const gitInflateBomb: Act = {
  name: 'git-inflate-bomb',
  summary: 'a Git server with a small pack of deltas that are huge when inflated and make nothing',
  perform(context) {
    const size = between(context.random, 1, 64) * MIB - 16;
    const count = between(context.random, 20, 500);
    const { oid, objects } = commitOf(Buffer.from('a'));
    const delta = Buffer.alloc(size);
    // The base and the result have one byte each.
    delta[0] = 1;
    delta[1] = 1;
    const deflated = deflateSync(delta);
    const [first, ...others] = objects.toReversed();
    const bombs = Array.from({ length: count }, () => ({ on: 'first', delta, deflated }) as const);
    const pack = packOf([...(first ? [first] : []), ...others, ...bombs]);
    context.note(`${count} deltas of ${Math.round(size / MIB)} MiB in a pack of ${pack.length} bytes`);
    const answer = packAnswer(oid, pack);
    return actAsGitServer(context, { oid, fetch: () => fetched(answer) }, someUrgency(context));
  },
};
