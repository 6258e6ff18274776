import { type Act, between } from '../act.ts';
import { actAsGitServer, advertised, someUrgency } from '../git-server.ts';
import { repeated } from '../streams.ts';

/** Each empty line costs a reader that makes an object of it many times its four bytes. */
export const gitPktLines: Act = {
  name: 'git-pkt-lines',
  summary: 'a Git server whose list of refs is millions of empty lines',
  perform(context) {
    const mib = between(context.random, 4, 64);
    context.note(`${mib} MiB of empty lines`);
    const lines = Buffer.alloc(64 * 1024, '0004');
    const refs = () => repeated(lines, mib * 16);
    return actAsGitServer(context, { refs: (service) => advertised(service, refs()) }, someUrgency(context));
  },
};
