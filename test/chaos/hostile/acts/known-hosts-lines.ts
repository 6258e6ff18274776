import { type Act, between } from '../act.ts';
import { makeKey } from '../ssh-key.ts';
import { actBySshSecret } from '../ssh-server.ts';

export const knownHostsLines: Act = {
  name: 'known-hosts-lines',
  summary: 'a Secret whose known_hosts has 100,000 lines, or few with very many names',
  async perform(context) {
    const count = between(context.random, 50_000, 100_000);
    const isOneLine = context.random.chance(0.3);
    context.note(isOneLine ? `${count} names` : `${count} lines`);
    const text = isOneLine ? `${'a,'.repeat(count)}b c d` : 'a b c\n'.repeat(count);
    const identity = await makeKey(0);
    const options = { pipelines: between(context.random, 2, 8), everyMs: 1000 };
    return actBySshSecret(context, () => ({ identity, known_hosts: text }), options);
  },
};
