import { type Act, between } from '../act.ts';
import { makeKey } from '../ssh-key.ts';
import { actBySshSecret } from '../ssh-server.ts';

const HOST_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw';

export const sshIdentityRounds: Act = {
  name: 'ssh-identity-rounds',
  summary: 'a Secret whose identity has a passphrase of many rounds of bcrypt',
  async perform(context) {
    const rounds = context.random.pick([24, 48, 64, 64, 65, 200]);
    context.note(`${rounds} rounds`);
    const identity = await makeKey(rounds);
    const options = { pipelines: between(context.random, 4, 10), everyMs: 1000 };
    const secretOf = ({ host, port }: { host: string; port: number }) => ({
      identity,
      password: 'a passphrase',
      known_hosts: `[${host}]:${port} ${HOST_KEY}`,
    });
    return actBySshSecret(context, secretOf, options);
  },
};
