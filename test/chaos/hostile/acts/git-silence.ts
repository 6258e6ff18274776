import type { Act } from '../act.ts';
import { actAsGitServer, someUrgency } from '../git-server.ts';

export const gitSilence: Act = {
  name: 'git-silence',
  summary: 'a Git server that takes the connection and says nothing, at once or to a fetch',
  perform(context) {
    const nothing = () => new Promise<Response>(() => undefined) as never;
    const isAtOnce = context.random.chance(0.5);
    context.note(`silent ${isAtOnce ? 'at once' : 'to a fetch'}`);
    return actAsGitServer(context, isAtOnce ? { refs: nothing } : {}, someUrgency(context));
  },
};
