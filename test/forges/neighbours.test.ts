import { beforeAll, describe, expect, test } from 'bun:test';
import { type PipelineKey, pipelineKey } from '../../src/api/pipeline.ts';
import { createPromoter } from '../../src/reconcile/promoter.ts';
import { createReconcile, type Reconcile } from '../../src/reconcile/reconcile.ts';
import { createRecordStatus } from '../../src/reconcile/record.ts';
import { noNews } from '../fakes/checking.ts';
import { createFakeLog } from '../fakes/log.ts';
import { SHOWN } from '../fakes/namespaces.ts';
import { pipeline, spec } from '../fakes/pipeline.ts';
import { carriedOut, promotionRequest, stateRequest } from '../fakes/promotion.ts';
import { createFakeStore } from '../fakes/store.ts';
import { waitFor, waitUntil } from '../lab/wait.ts';
import { giteaStage } from './gitea/stage.ts';

const SLOW = 120_000;
const [BY_HAND, BY_ITSELF] = ['by-hand.yaml', 'by-itself.yaml'];

/** Two applications on neighbouring lines: Git takes a change of both for a conflict. */
function versions(app: string, shop: string, namespace = 'apps'): string {
  const line = (name: string, version: string) =>
    `${name}: ${version} # {"$promotion": "${namespace}:${name}:staging"}\n`;
  return line('app', app) + line('shop', shop);
}

const stage = giteaStage('neighbours', {
  [BY_ITSELF]: versions('1.0.0', '1.0.0'),
  [BY_HAND]: versions('1.0.0', '1.0.0', 'team'),
});

interface Pull {
  readonly number: number;
  readonly state: string;
  readonly mergeable: boolean;
  readonly head: { readonly ref: string };
}

async function pullsFrom(prefix: string): Promise<Pull[]> {
  const pulls = (await stage.api('GET', '/pulls?state=all')) as Pull[];
  return pulls.filter(({ head }) => head.ref.startsWith(prefix));
}

async function isMergeable(number: number): Promise<void> {
  await waitUntil(`pull request ${number} to be mergeable`, async () => {
    return ((await stage.api('GET', `/pulls/${number}`)) as Pull).mergeable;
  });
}

const main = (file: string) => stage.gitea.file(stage.repository, 'main', file);

describe('two applications on neighbouring lines of one file, both with an open pull request', () => {
  test(
    'after the merge of one, another attempt of the other makes it mergeable, as the same pull request',
    async () => {
      const token = { token: stage.gitea.token };
      const promote = async (name: string, known = {}) => {
        const about = { ...promotionRequest().pipeline, name };
        const request = promotionRequest({ pipeline: about, revision: '1.1.0', ...known });
        const result = await carriedOut(stage.promoter.prepare(request, stage.settings(), token));
        if (result.kind !== 'pull-request') throw new Error(`the result is ${result.kind}`);
        return result.pullRequest;
      };
      const [first, second] = [await promote('app'), await promote('shop')];
      await stage.gitea.merge(stage.repository, first.number);
      const about = { pipeline: { namespace: 'team', name: 'shop' } };
      await waitFor('the conflict to be reported', async () => {
        stage.later(10);
        const request = stateRequest(second, stage.settings(), about);
        const state = await stage.promoter.state(request, token);
        return state === 'conflicting' ? { done: state } : { saw: state };
      });

      const again = await promote('shop', { pullRequest: second });
      expect(again).toMatchObject({ number: second.number, url: second.url });
      expect(again.commit).not.toBe(second.commit);
      await isMergeable(second.number);
      expect(await pullsFrom('promotion-team-shop')).toHaveLength(1);
      await stage.gitea.merge(stage.repository, second.number);
      expect(await main(BY_HAND)).toBe(versions('1.1.0', '1.1.0', 'team'));
    },
    SLOW,
  );
});

describe('two Pipelines of such applications', () => {
  const KEYS = { app: pipelineKey('apps', 'app'), shop: pipelineKey('apps', 'shop') };
  const store = createFakeStore();
  let reconcile: Reconcile;
  let passed = 0;

  /** All is seen again, so much later. */
  async function look(seconds: number): Promise<void> {
    stage.later(seconds);
    passed += seconds * 1000;
    for (const key of Object.values(KEYS)) await reconcile(key);
  }

  function promotion(key: PipelineKey) {
    return store.get(key)?.status.environments?.staging?.promotion;
  }

  /** dev runs 1.1.0, staging what is merged. */
  async function release(name: string, namespace: string) {
    const merged = new RegExp(`^${name}: (\\S+)`, 'm').exec((await main(BY_ITSELF)) ?? '')?.[1] ?? '';
    return {
      metadata: { generation: 1 },
      status: {
        observedGeneration: 1,
        conditions: [{ type: 'Ready', status: 'True', reason: 'UpgradeSucceeded', message: 'ready' }],
        history: [
          {
            chartVersion: namespace === 'dev' ? '1.1.0' : merged,
            status: 'deployed',
            lastDeployed: '2026-11-21T10:00:00Z',
          },
        ],
      },
    };
  }

  beforeAll(() => {
    const { log } = createFakeLog();
    const never = () => Promise.reject(new Error('nothing is pushed or notified'));
    reconcile = createReconcile({
      store,
      record: createRecordStatus(store),
      clusters: { reader: () => ({ read: async () => undefined }) },
      messagesOf: SHOWN,
      applications: { read: ({ name }, namespace) => release(name, namespace) },
      promoter: createPromoter({
        policy: {},
        signal: new AbortController().signal,
        readSecret: async () => ({ values: new Map([['token', Buffer.from(stage.gitea.token)]]) }),
        pullRequests: stage.promoter,
        pushes: { prepare: never, inBase: never },
        notifications: { prepare: never },
      }),
      check: () => noNews(),
      onChange: () => {},
      policy: { delaySeconds: 2, maxDelaySeconds: 20, threshold: 3, resyncSeconds: 600 },
      log,
      now: () => new Date(Date.now() + passed),
    });
    const strategy = { 'pull-request': stage.settings(), secretRef: { name: 'hook' } };
    for (const name of ['app', 'shop']) {
      const appRef = { ...spec().appRef, name };
      const environments = spec().environments.slice(0, 2);
      const made = pipeline({ appRef, environments, promotion: { strategy } });
      store.put({ ...made, metadata: { ...made.metadata, name, uid: `uid-${name}` } });
    }
  });

  test(
    'go on by themselves: the one that is left becomes mergeable, and is still one pull request',
    async () => {
      await look(0);
      const [app, shop] = [promotion(KEYS.app)?.pullRequest, promotion(KEYS.shop)?.pullRequest];
      if (!app || !shop) throw new Error('there are no pull requests');
      await stage.gitea.merge(stage.repository, app.number);
      await waitFor('the branch to be rebuilt', async () => {
        await look(30);
        const now = promotion(KEYS.shop);
        const isNew = now?.pullRequest?.commit !== shop.commit;
        return isNew ? { done: now } : { saw: now };
      });
      expect(promotion(KEYS.app)).toMatchObject({ phase: 'Succeeded', revision: '1.1.0' });
      expect(promotion(KEYS.shop)).toMatchObject({
        phase: 'PullRequestOpen',
        pullRequest: { number: shop.number },
      });
      await isMergeable(shop.number);
      expect(await pullsFrom('promotion-apps-shop')).toHaveLength(1);

      await stage.gitea.merge(stage.repository, shop.number);
      await look(600);
      await look(600);
      expect(promotion(KEYS.shop)).toMatchObject({ phase: 'Succeeded', revision: '1.1.0' });
      expect(await main(BY_ITSELF)).toBe(versions('1.1.0', '1.1.0'));
    },
    SLOW,
  );
});
