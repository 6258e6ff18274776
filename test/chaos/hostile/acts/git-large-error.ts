import { type Act, between, MIB } from '../act.ts';
import { actAsGitServer, advertised, someUrgency } from '../git-server.ts';
import { repeated } from '../streams.ts';

/** Words of an error go into the status, and are searched for secrets before. */
export const gitLargeError: Act = {
  name: 'git-large-error',
  summary: 'a Git server whose errors are hundreds of MiB',
  perform(context) {
    const mib = between(context.random, 50, 400);
    const status = context.random.pick([400, 403, 500, 503]);
    context.note(`${mib} MiB with ${status}`);
    const piece = Buffer.alloc(MIB / 4, 'token token=a ');
    const refs = () => repeated(piece, mib * 4);
    return actAsGitServer(
      context,
      { refs: (service) => advertised(service, refs(), status) },
      someUrgency(context),
    );
  },
};
