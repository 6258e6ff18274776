import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { PullRequestStrategy } from '../../src/api/pipeline.ts';
import { createOutbound } from '../../src/lib/net/outbound.ts';
import { createProxyFor } from '../../src/lib/net/proxy.ts';
import type { PullRequestPromoter } from '../../src/promote/pull-request/port.ts';
import { createPullRequestPromoter } from '../../src/promote/pull-request/pull-request.ts';
import { createFakeLog } from '../fakes/log.ts';
import { carriedOut, promotionRequest, stateRequest } from '../fakes/promotion.ts';
import { type FakeProxy, startFakeProxy } from '../fakes/proxy.ts';
import { type TestBranches, testBranches } from '../git/stage/support.ts';
import type { Gitea } from '../lab/gitea/forge.ts';
import { sharedLab } from '../lab/shared.ts';

const SLOW = 120_000;
const HOST = 'forge.example';
/** Tells by its name what it is. */
const GITEA_HOST = 'gitea.example';
const FILE = 'apps/staging/app.yaml';
const BRANCH = 'promotion-team-app-staging';
const name = `proxy-${crypto.randomUUID().slice(0, 8)}`;

let gitea: Gitea;
let proxy: FakeProxy;
let branches: TestBranches;
let promoter: PullRequestPromoter;
let settings: PullRequestStrategy;

const marked = (version: string) => `version: ${version} # {"$promotion": "team:app:staging"}\n`;

beforeAll(async () => {
  gitea = (await sharedLab()).gitea;
  await gitea.createRepository(name, { [FILE]: marked('1.0.0') });
  const port = Number(gitea.host.split(':')[1]);
  proxy = await startFakeProxy({
    routes: { [`${HOST}:80`]: port, [`${GITEA_HOST}:80`]: port },
    login: 'me:hunter2',
  });
  const http = `http://me:hunter2@${proxy.host}`;
  const proxyFor = createProxyFor({ http, https: '', except: 'other.example' });
  const outbound = createOutbound({ allowed: [], insecure: [HOST, GITEA_HOST] }, { proxyFor });
  branches = await testBranches({ outbound });
  const { log } = createFakeLog();
  promoter = createPullRequestPromoter({
    branches,
    outbound,
    log,
    now: () => new Date(),
    onForgeRequest: () => {},
  });
  const url = `http://${HOST}/${gitea.user}/${name}.git`;
  settings = { type: 'gitea', url, baseBranch: 'main', secretRef: { name: 'git' } };
}, 600_000);

afterAll(async () => {
  await branches?.close();
  await proxy?.stop();
  await gitea?.api('DELETE', `/repos/${gitea.user}/${name}`);
}, SLOW);

describe('a promotion behind a proxy', () => {
  test(
    'fetches, pushes, and opens and reads the pull request through it',
    async () => {
      const token = { token: gitea.token };
      const result = await carriedOut(
        promoter.prepare(promotionRequest({ revision: '2.0.0' }), settings, token),
      );
      if (result.kind !== 'pull-request') throw new Error(`the result is ${result.kind}`);
      expect(await gitea.file(name, BRANCH, FILE)).toBe(marked('2.0.0'));
      expect(await gitea.pulls(name)).toMatchObject([{ number: result.pullRequest.number }]);
      expect(await promoter.state(stateRequest(result.pullRequest, settings), token)).toBe('open');

      const repository = `http://${HOST}/${gitea.user}/${name}.git`;
      const api = `http://${HOST}/api/v1/repos/${gitea.user}/${name}/pulls`;
      const wanted = [
        `GET ${repository}/info/refs?service=git-receive-pack`,
        `GET ${repository}/info/refs?service=git-upload-pack`,
        `GET ${api}/${result.pullRequest.number}`,
        `POST ${api}`,
        `POST ${repository}/git-receive-pack`,
        `POST ${repository}/git-upload-pack`,
      ];
      expect(proxy.requests.toSorted()).toEqual(wanted.toSorted());
    },
    SLOW,
  );

  test(
    'needs no type where the host is called after its forge',
    async () => {
      const { type: _, ...untyped } = settings;
      const url = settings.url.replace(HOST, GITEA_HOST);
      const token = { token: gitea.token };
      const request = promotionRequest({ revision: '3.0.0' });
      const result = await carriedOut(promoter.prepare(request, { ...untyped, url }, token));
      expect(result.kind).toBe('pull-request');
      expect(await gitea.file(name, BRANCH, FILE)).toBe(marked('3.0.0'));
    },
    SLOW,
  );
});
