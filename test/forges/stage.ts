import { afterEach, beforeEach } from 'bun:test';
import type { ForgeDeps } from '../../src/lib/forges/deps.ts';
import type { Forge, MergeOptions, PullRequest } from '../../src/lib/forges/port.ts';
import { createForge } from '../../src/lib/forges/registry.ts';
import type { ForgeRequest } from '../../src/lib/forges/request/types.ts';
import type { Outbound } from '../../src/lib/net/outbound.ts';
import { AZURE_TOKEN, type FakeAzure, startFakeAzure } from '../fakes/azure.ts';
import { BITBUCKET_TOKEN, type FakeBitbucket, startFakeBitbucket } from '../fakes/bitbucket.ts';
import { forgeDeps } from '../fakes/forge-deps.ts';
import { FAKE_TOKEN, type FakeGitHub, startFakeGitHub } from '../fakes/github.ts';
import { type FakeGitLab, GITLAB_PROJECT, GITLAB_TOKEN, startFakeGitLab } from '../fakes/gitlab.ts';
import { loopbackOutbound, routedOutbound } from '../fakes/outbound.ts';
import { INPUT, mergeOptions, openPull, readPull } from './pulls.ts';

interface StandIns {
  readonly github: FakeGitHub;
  readonly gitlab: FakeGitLab;
  readonly 'bitbucket-server': FakeBitbucket;
  readonly 'azure-devops': FakeAzure;
}

type Provider = keyof StandIns;

interface StandIn<Host> {
  readonly start: () => Host;
  readonly token: string;
  /** The repository's URL. */
  readonly url: (origin: string) => string;
  /** Hosts that lead to the stand-in. */
  readonly routed: readonly string[];
}

const STAND_INS: { readonly [P in Provider]: StandIn<StandIns[P]> } = {
  github: {
    start: startFakeGitHub,
    token: FAKE_TOKEN,
    url: (origin) => `${origin}/acme/fleet.git`,
    routed: [],
  },
  gitlab: {
    start: startFakeGitLab,
    token: GITLAB_TOKEN,
    url: (origin) => `${origin}/${GITLAB_PROJECT}.git`,
    routed: ['https://gitlab.com'],
  },
  'bitbucket-server': {
    start: startFakeBitbucket,
    token: BITBUCKET_TOKEN,
    url: (origin) => `${origin}/bitbucket/scm/ACME/fleet.git`,
    routed: [],
  },
  'azure-devops': {
    start: startFakeAzure,
    token: AZURE_TOKEN,
    url: () => 'https://dev.azure.com/acme/Platform%20Team/_git/fleet',
    routed: ['https://dev.azure.com', 'https://vssps.dev.azure.com'],
  },
};

export interface ForgeOptions extends Partial<ForgeDeps> {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
}

/** The stage of a test that calls the stand-in of a forge. */
export interface ForgeStage<Host> {
  /** Creates the branch of `INPUT`. */
  readonly host: Host;
  forge(options?: ForgeOptions): Forge;
  /** The way to the stand-in. */
  outbound(): Outbound;
  /** The requests since the last call. */
  seen(): ForgeRequest[];
  /** The same as `OPERATION STATUS`. */
  calls(): string[];
  /** The pull request of `INPUT`, opened or read; what was asked for it is forgotten. */
  opened(): Promise<PullRequest>;
  current(): Promise<PullRequest>;
  merge(pull: PullRequest, commit: string, change?: Partial<MergeOptions>): ReturnType<Forge['merge']>;
}

/** Sets the stage for each test of a file. Its host is there while a test runs. */
export function forgeStage<P extends Provider>(provider: P): ForgeStage<StandIns[P]> {
  const { start, token, url, routed } = STAND_INS[provider];
  const requests: ForgeRequest[] = [];
  let host: StandIns[P];
  beforeEach(() => {
    host = start();
    host.branches.add(INPUT.head);
    requests.length = 0;
  });
  afterEach(() => host.stop());

  const outbound = () =>
    routed.reduce((inner, from) => routedOutbound(inner, from, host.origin), loopbackOutbound());
  function forge({ url: given, token: own, ...change }: ForgeOptions = {}): Forge {
    const onForgeRequest = (request: ForgeRequest) => requests.push(request);
    const deps = forgeDeps({ outbound: outbound(), onForgeRequest, ...change });
    return createForge(provider, given ?? url(host.origin), { token: own ?? token }, deps);
  }
  const seen = () => requests.splice(0);
  async function forgotten(pull: Promise<PullRequest>): Promise<PullRequest> {
    const found = await pull;
    host.requests.length = 0;
    host.bodies.length = 0;
    requests.length = 0;
    return found;
  }
  return {
    get host() {
      return host;
    },
    forge,
    outbound,
    seen,
    calls: () => seen().map(({ operation, code }) => `${operation} ${code}`),
    opened: () => forgotten(openPull(forge())),
    current: () => forgotten(readPull(forge())),
    merge: (pull, commit, change) => forge().merge(pull, commit, mergeOptions(change)),
  };
}
