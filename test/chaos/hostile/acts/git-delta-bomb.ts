import { type Act, between, MIB } from '../act.ts';
import { actAsGitServer, fetched, packAnswer, someUrgency } from '../git-server.ts';
import { commitOf, copyingDelta, packOf } from '../pack.ts';

export const gitDeltaBomb: Act = {
  name: 'git-delta-bomb',
  summary: 'a Git server with a small pack of nearly equal large files, each a delta on the one before',
  perform(context) {
    const size = between(context.random, 2, 60) * MIB;
    const deltas = between(context.random, 10, 200);
    const file = Buffer.alloc(size, 'a');
    const { oid, objects } = commitOf(file);
    const copies = Array.from({ length: deltas }, (_, index) => copyingDelta(size, index + 1));
    const pack = packOf([...objects, ...copies.map((delta) => ({ on: 'previous', delta }) as const)]);
    context.note(`${deltas} deltas of ${size / MIB} MiB in a pack of ${pack.length} bytes`);
    const answer = packAnswer(oid, pack);
    return actAsGitServer(context, { oid, fetch: () => fetched(answer) }, someUrgency(context));
  },
};
