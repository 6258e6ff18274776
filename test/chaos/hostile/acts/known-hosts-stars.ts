import { type Act, between } from '../act.ts';
import { makeKey } from '../ssh-key.ts';
import { actBySshSecret } from '../ssh-server.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGl1';
const MAX_CHARACTERS = 200_000;

/** These patterns never end as regular expressions. */
export const knownHostsStars: Act = {
  name: 'known-hosts-stars',
  summary: 'a Secret whose known_hosts are patterns of nothing but stars and letters',
  async perform(context) {
    const stars = between(context.random, 5, 20_000);
    const lines = Math.max(1, Math.min(900, Math.floor(MAX_CHARACTERS / (2 * stars))));
    context.note(`${lines} lines of ${stars} stars`);
    const identity = await makeKey(0);
    const secretOf = ({ host }: { host: string }) => {
      const letters = [...host].filter((letter) => letter !== '.');
      const pattern = Array.from({ length: stars }, (_, index) => `*${letters[index % 3]}`).join('');
      return { identity, known_hosts: `[${pattern}Z ${KEY}\n`.repeat(lines) };
    };
    return actBySshSecret(context, secretOf, { pipelines: between(context.random, 2, 8), everyMs: 1000 });
  },
};
