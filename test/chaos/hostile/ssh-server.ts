import { createServer } from 'node:net';
import { type ActContext, HOSTILE_ADDRESS } from './act.ts';
import { makeKey } from './ssh-key.ts';
import { countBegun, createTenant, type Tenant } from './tenant.ts';

/** Something that takes connections at an SSH port, and a tenant whose Secret says how to log in there. */

export type SshSecret = (place: { readonly host: string; readonly port: number }) => {
  readonly identity: string;
  readonly known_hosts: string;
};

export async function actBySshSecret(
  context: ActContext,
  secretOf: SshSecret,
  { pipelines, everyMs }: { readonly pipelines: number; readonly everyMs: number },
): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('SSH-2.0-hostile\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, HOSTILE_ADDRESS, resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const url = (index: number) => `ssh://git@${HOSTILE_ADDRESS}:${port}/mallory/repository${index}`;
  // Harmless until the Pipelines have been let in.
  const forge = { identity: await makeKey(0), known_hosts: 'none' };
  const tenant: Tenant = await createTenant(context, { label: 'ssh', pipelines, url, forge });
  const secret = secretOf({ host: HOSTILE_ADDRESS, port });
  await tenant.change('forge', { token: context.lab.gitea.token, ...secret });
  // Some Secrets are refused before anybody connects.
  await Promise.all([tenant.promote(everyMs), countBegun(context, tenant.namespace)]);
  await tenant.leave();
  server.close();
}
