import { type Act, between } from '../act.ts';
import { actAsGitServer, fetched, packAnswer, someUrgency } from '../git-server.ts';
import { BLOB, commitOf, type PackObject, packOf } from '../pack.ts';

export const gitManyObjects: Act = {
  name: 'git-many-objects',
  summary: 'a Git server with a pack of hundreds of thousands of objects',
  perform(context) {
    const count = between(context.random, 100_000, 500_000);
    context.note(`${count} objects`);
    const { oid, objects } = commitOf(Buffer.from('a'));
    const others = Array.from({ length: count }, (_, index): PackObject => {
      return { type: BLOB ?? 3, body: Buffer.from(index.toString(36)) };
    });
    const answer = packAnswer(oid, packOf([...objects, ...others]));
    return actAsGitServer(context, { oid, fetch: () => fetched(answer) }, someUrgency(context));
  },
};
