import { randomBytes } from 'node:crypto';
import type { Lab } from '../test/lab/lab.ts';
import { applyManifest, showCommand } from './apply.ts';
import { alerts, namespaces, pipeline, releaseFile, releaseFiles, secrets } from './manifests.ts';
import { APP, ENVIRONMENTS, FIRST_VERSION, NAMESPACE, REPOSITORY, releasePath } from './names.ts';
import type { FluxPlayer } from './player.ts';
import type { Printer } from './print.ts';
import type { Steps } from './steps.ts';
import { formatRow, HEADER, type PipelineWatch } from './watch.ts';

export interface FleetDeps {
  readonly lab: Lab;
  readonly print: Printer;
  readonly steps: Steps;
}

/** A key for the HMAC of events, as `openssl rand -hex 32` makes one. */
export function newKey(): string {
  return randomBytes(32).toString('hex');
}

/** The repository and one application in three environments, all at the first version. Returns its URL. */
export async function deployFirst({ lab, print, steps }: FleetDeps, player: FluxPlayer): Promise<string> {
  return await steps.run(`Deploy ${APP} ${FIRST_VERSION} everywhere`, async (conclude) => {
    const url = await lab.gitea.createRepository(REPOSITORY, releaseFiles(FIRST_VERSION));
    print.say(`A Git repository says what runs where: ${url}`);
    print.more(`${ENVIRONMENTS.map(releasePath).join(', ')} hold one HelmRelease each.`);
    print.more('Their versions are marked for Turnpike; in prod:');
    print.more(markedLine(releaseFile('prod', FIRST_VERSION)), 'dim');
    await applyManifest({ lab, print }, 'namespaces', namespaces());
    await player.start(url);
    conclude(`${ENVIRONMENTS.join(', ')} run ${FIRST_VERSION}`);
    return url;
  });
}

function markedLine(text: string): string {
  return text.split('\n').find((line) => line.includes('$promotion')) ?? '';
}

export interface PipelineDeps extends FleetDeps {
  /** Of the repository. */
  readonly url: string;
  /** What events are signed with. */
  readonly key: string;
  /** Address of Turnpike's promotion webhook. */
  readonly hook: string;
  readonly watch: PipelineWatch;
}

/** The Pipeline with its Secrets, Providers and Alerts. */
export async function createPipeline(deps: PipelineDeps): Promise<void> {
  const { lab, print, steps, url, key, hook, watch } = deps;
  await steps.run('Create a Pipeline', async (conclude) => {
    await applyManifest({ lab, print }, 'secrets', secrets({ key, token: lab.gitea.token }));
    showCommand(print, lab, ['get', 'pipelines', '-n', NAMESPACE, '--watch']);
    print.more(formatRow(HEADER), 'cyan');
    await applyManifest({ lab, print }, 'pipeline', [pipeline(url), ...alerts(hook)]);
    await watch.shows(ENVIRONMENTS.map((environment) => `${environment} ${FIRST_VERSION}`).join(' → '));
    conclude(`${NAMESPACE}/${APP} is Ready`);
  });
}
