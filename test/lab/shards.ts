import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { buildTurnpike } from '../../scripts/build.ts';
import type { Lab } from './lab.ts';
import { labOverlay } from './overlay.ts';
import { freePorts } from './ports.ts';
import { serveTurnpike, type Turnpike } from './turnpike.ts';
import { waitFor } from './wait.ts';

/** `dist/turnpike` four times: the two shards of two replicas each of kustomize/shards, with the rights from there. */

export const SHARD_KEY = 'sharding.fluxcd.io/key';
export const SHARDS = ['main', 'shard1'] as const;
export type Shard = (typeof SHARDS)[number];

/** The labels that make a Pipeline one of a shard. */
export const SHARD_LABELS: Record<Shard, Record<string, string>> = {
  main: {},
  shard1: { [SHARD_KEY]: 'shard1' },
};

/** A line of a log, parsed. */
export type Line = Record<string, unknown>;

export interface Shards {
  /** The one that acts now. */
  leaderOf(shard: Shard): Promise<Turnpike>;
  /** Ends it as a node does that is lost. */
  kill(replica: Turnpike): Promise<void>;
  /** The lines of all replicas of a shard. */
  logOf(shard: Shard): Promise<Line[]>;
  metricsOf(replica: Turnpike): Promise<string>;
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } };
}

interface Container {
  readonly args: readonly string[];
}

/** Installs and starts them; the API server calls the first replica of main for reviews. */
export async function startShards(lab: Lab): Promise<Shards> {
  // One build serves all four processes.
  await buildTurnpike();
  const ports = await freePorts(2 * SHARDS.length);
  const overlay = await labOverlay(join(lab.directory, 'shards'), {
    admissionUrl: `https://127.0.0.1:${ports[0]}`,
    of: 'shards',
  });
  const rendered = parseAllDocuments(await lab.kubectl(['kustomize', overlay])).map(
    (document) => document.toJS() as Manifest,
  );
  await lab.kubectl(['apply', '-k', overlay]);
  const replicas: Record<Shard, Turnpike[]> = { main: [], shard1: [] };
  const begun = ports.map(async (port, index) => {
    const shard = index < 2 ? 'main' : 'shard1';
    const flags = flagsOf(rendered, shard);
    replicas[shard].push(await serveTurnpike(lab, port, { name: `${shard}-${index}`, flags }));
  });
  await Promise.all(begun);

  async function leaderOf(shard: Shard): Promise<Turnpike> {
    return waitFor(
      `the leader of ${shard}`,
      async () => {
        const leading = await Promise.all(replicas[shard].map(isLeading));
        const [leader, ...more] = replicas[shard].filter((_, index) => leading[index]);
        return leader && more.length === 0 ? { done: leader } : { saw: leading };
      },
      { seconds: 60 },
    );
  }

  return {
    leaderOf,
    async kill(replica) {
      await replica.stop('SIGKILL');
      for (const shard of SHARDS) replicas[shard] = replicas[shard].filter((one) => one !== replica);
    },
    logOf: async (shard) => (await Promise.all(replicas[shard].map((replica) => replica.log()))).flat(),
    metricsOf,
  };
}

/** The arguments of a shard's Deployment that are about shards. */
function flagsOf(all: readonly Manifest[], shard: Shard): Record<string, string> {
  const deployment = all.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name.endsWith(shard));
  const args = deployment?.spec.template.spec.containers[0]?.args ?? [];
  const selector = args.find((arg) => arg.startsWith('--watch-label-selector='));
  return {
    'leader-elect': String(args.includes('--leader-elect')),
    'watch-label-selector': selector?.slice(selector.indexOf('=') + 1) ?? '',
  };
}

async function metricsOf({ metrics }: Turnpike): Promise<string> {
  return await (await fetch(`${metrics}/metrics`)).text();
}

async function isLeading(replica: Turnpike): Promise<boolean> {
  return /^leader_election_master_status\{.*\} 1$/m.test(await metricsOf(replica));
}
