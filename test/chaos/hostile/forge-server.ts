import { type ActContext, between, HOSTILE_ADDRESS } from './act.ts';
import { createTenant } from './tenant.ts';

/** A Gitea whose Git is honest, for the real one is behind it, and whose API is not. */

export async function actAsForge(
  context: ActContext,
  answer: (request: Request) => Response | Promise<Response>,
): Promise<void> {
  const { lab, random } = context;
  const pipelines = between(random, 4, 10);
  const everyMs = between(random, 2000, 6000);
  const server = Bun.serve({
    hostname: HOSTILE_ADDRESS,
    port: 0,
    idleTimeout: 255,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      if (!pathname.startsWith('/api/')) return passOn(`${lab.gitea.url}${pathname}${search}`, request);
      context.reached();
      return answer(request);
    },
  });
  const name = `mallory-${crypto.randomUUID().slice(0, 8)}`;
  const url = () => `http://${HOSTILE_ADDRESS}:${server.port}/${lab.gitea.user}/${name}`;
  const tenant = await createTenant(context, { label: 'forge', pipelines, url });
  const files = Array.from({ length: pipelines }, (_, index): [string, string] => [
    `app${index}.yaml`,
    `version: 1.0.0 # {"$promotion": "${tenant.namespace}:app${index}:prod"}\n`,
  ]);
  await lab.gitea.createRepository(name, Object.fromEntries(files));
  await tenant.promote(everyMs);
  await tenant.leave();
  await server.stop(true);
}

async function passOn(url: string, request: Request): Promise<Response> {
  const { method } = request;
  const headers = new Headers(request.headers);
  headers.delete('host');
  headers.set('accept-encoding', 'identity');
  const body = method === 'GET' ? undefined : await request.bytes();
  const answer = await fetch(url, { method, headers, ...(body && { body }), redirect: 'manual' });
  const type = answer.headers.get('content-type');
  return new Response(await answer.bytes(), {
    status: answer.status,
    headers: type === null ? {} : { 'content-type': type },
  });
}
