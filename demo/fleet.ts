import { randomBytes } from 'node:crypto';
import type { Lab } from '../test/lab/lab.ts';
import { ACTS, CHART, IMAGE } from './acts.ts';
import { applyManifest, showCommand } from './apply.ts';
import { alerts, namespaces, pipeline, secrets } from './manifests.ts';
import {
  APP,
  ENVIRONMENTS,
  FIRST_TAG,
  FIRST_VERSION,
  IMAGE_APP,
  NAMESPACE,
  REPOSITORY,
  releasePath,
} from './names.ts';
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

/** The repository and two applications in three environments, all at their first revisions. Returns its URL. */
export async function deployFirst({ lab, print, steps }: FleetDeps, player: FluxPlayer): Promise<string> {
  return await steps.run(`Deploy ${APP} and ${IMAGE_APP} everywhere`, async (conclude) => {
    const url = await lab.gitea.createRepository(REPOSITORY, firstFiles());
    print.say(`A Git repository says what runs where: ${url}`);
    print.more(
      `${ENVIRONMENTS.map((environment) => releasePath(environment)).join(', ')} hold one HelmRelease each.`,
    );
    print.more('Their versions are marked for Turnpike; in prod:');
    print.more(markedLine(CHART.file('prod', FIRST_VERSION)), 'dim');
    print.more(`${IMAGE_APP}.yaml beside them is of another application, whose image comes later.`);
    await applyManifest({ lab, print }, 'namespaces', namespaces());
    await player.start(url);
    conclude(`${ENVIRONMENTS.join(', ')} run ${APP} ${FIRST_VERSION}, ${IMAGE_APP} ${FIRST_TAG}`);
    return url;
  });
}

function firstFiles(): Record<string, string> {
  const files = ENVIRONMENTS.flatMap((environment) =>
    ACTS.map((act) => [releasePath(environment, act.app), act.file(environment, act.first)]),
  );
  return Object.fromEntries(files);
}

function markedLine(text: string): string {
  return text.split('\n').find((line) => line.includes('$promotion')) ?? '';
}

export interface PipelineDeps extends FleetDeps {
  /** The repository's URL. */
  readonly url: string;
  /** The key that signs events. */
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
    await watch.shows(APP, everywhere(FIRST_VERSION));
    conclude(`${NAMESPACE}/${APP} is Ready`);
  });
}

const IMAGE_PATH = '.spec.values.image.tag';

/** A Pipeline for the image of the other application, without events. */
export async function createImagePipeline(
  deps: Pick<PipelineDeps, 'lab' | 'print' | 'steps' | 'url' | 'watch'>,
): Promise<void> {
  const { lab, print, steps, url, watch } = deps;
  await steps.run('Create a Pipeline for an image', async (conclude) => {
    print.say(`The chart of ${IMAGE_APP} stays at ${FIRST_VERSION}; what changes is the tag of its image:`);
    print.more(markedLine(IMAGE.file('prod', FIRST_TAG)), 'dim');
    print.say(`So its Pipeline has spec.revision.path: ${IMAGE_PATH}`);
    print.more('There is no Alert about it: Turnpike watches the HelmReleases of its own cluster.');
    const revision = { path: IMAGE_PATH };
    await applyManifest({ lab, print }, `pipeline-${IMAGE_APP}`, [
      pipeline(url, { app: IMAGE_APP, revision }),
    ]);
    await watch.shows(IMAGE_APP, everywhere(FIRST_TAG));
    conclude(`${NAMESPACE}/${IMAGE_APP} is Ready`);
  });
}

/** Three environments at one revision, as the summary writes it. */
export function everywhere(revision: string): string {
  return ENVIRONMENTS.map((environment) => `${environment} ${revision}`).join(' → ');
}
