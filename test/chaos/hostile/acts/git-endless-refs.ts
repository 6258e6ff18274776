import { pktLine } from '../../../../src/lib/git/protocol/pktline.ts';
import { type Act, between } from '../act.ts';
import { actAsGitServer, advertised, advertisement, someUrgency } from '../git-server.ts';
import { repeated } from '../streams.ts';

export const gitEndlessRefs: Act = {
  name: 'git-endless-refs',
  summary: 'a Git server whose list of refs never ends',
  perform(context) {
    const length = between(context.random, 1, 200);
    context.note(`names of ${length} characters`);
    const oid = 'f'.repeat(40);
    const ref = pktLine(`${oid} refs/heads/${'a'.repeat(length)}\n`);
    const piece = Buffer.concat(Array.from({ length: 500 }, () => ref));
    return actAsGitServer(
      context,
      {
        refs(service) {
          // The advertisement without the flush at its end.
          const head = advertisement(service, oid).subarray(0, -4);
          return advertised(service, repeated(piece, Number.POSITIVE_INFINITY, { head }));
        },
      },
      someUrgency(context),
    );
  },
};
