import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Forge } from '../../src/lib/forges/port.ts';
import { createForge } from '../../src/lib/forges/registry.ts';
import { FORGE_TYPES, type ForgeType } from '../../src/lib/forges/types.ts';
import { failureOf } from '../fakes/failure.ts';
import { forgeDeps } from '../fakes/forge-deps.ts';

const TOKEN = 'a-token-for-one-host-alone';
const CHANGE = { title: 'Promote', body: 'text' };
const CALLS: readonly ((forge: Forge) => Promise<unknown>)[] = [
  (forge) => forge.create({ ...CHANGE, head: 'promotion-team-app-staging', base: 'main' }),
  (forge) => forge.find('promotion-team-app-staging', 'main'),
  (forge) => forge.get(1),
  (forge) => forge.update(1, CHANGE),
];

const PATHS: Readonly<Record<ForgeType, string>> = {
  github: '/acme/fleet',
  gitlab: '/acme/platform/fleet',
  gitea: '/acme/fleet',
  'bitbucket-server': '/scm/acme/fleet.git',
  'azure-devops': '/acme/platform/_git/fleet',
};

let status = 301;
let forgeServer: ReturnType<typeof Bun.serve>;
let otherServer: ReturnType<typeof Bun.serve>;
let asked = 0;
const heard: string[] = [];

beforeAll(() => {
  otherServer = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch(request) {
      heard.push(`${request.method} ${request.url} ${JSON.stringify([...request.headers])}`);
      return Response.json({});
    },
  });
  forgeServer = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch() {
      asked += 1;
      const location = `http://127.0.0.1:${otherServer.port}/stolen?token=of-the-location`;
      return new Response('', { status, headers: { location } });
    },
  });
});
afterAll(() => Promise.all([forgeServer.stop(true), otherServer.stop(true)]));

describe('a redirect to another host', () => {
  const cases = FORGE_TYPES.flatMap((type) => [301, 302, 303, 307, 308].map((code) => [code, type] as const));

  test.each(cases)(
    'with %p from %s is followed by no request, with or without the token',
    async (code, type) => {
      status = code;
      asked = 0;
      for (const call of CALLS) {
        const url = `http://127.0.0.1:${forgeServer.port}${PATHS[type]}`;
        const error = await failureOf(call(createForge(type, url, { token: TOKEN }, forgeDeps())));
        expect(error.message).toContain(`answered ${code}`);
        expect(error.message).toMatch(
          `the repository has moved to http://127.0.0.1:${otherServer.port}/stolen; put its new URL`,
        );
        expect(error).toMatchObject({ code: 'ForgeNotFound', retry: 'never' });
        expect(error.message).not.toContain('of-the-location');
      }
      expect([asked, heard]).toEqual([CALLS.length, []]);
    },
  );
});
