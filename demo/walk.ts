import type { PipelineStatus, PromotionStatus } from '../src/api/pipeline.ts';
import type { PullRequest } from '../test/lab/gitea/forge.ts';
import type { Lab } from '../test/lab/lab.ts';
import type { Turnpike } from '../test/lab/turnpike.ts';
import { waitFor } from '../test/lab/wait.ts';
import { showCommand } from './apply.ts';
import { changedLines, pullRequestDiff } from './diff.ts';
import { awaitEvent } from './events.ts';
import { releaseFile } from './manifests.ts';
import {
  APP,
  ENVIRONMENTS,
  type Environment,
  FIRST_VERSION,
  NAMESPACE,
  NEXT_VERSION,
  REPOSITORY,
  releasePath,
} from './names.ts';
import type { FluxPlayer } from './player.ts';
import type { Printer } from './print.ts';
import type { Steps } from './steps.ts';
import type { PipelineWatch } from './watch.ts';

export interface WalkDeps {
  readonly lab: Lab;
  readonly turnpike: Turnpike;
  readonly print: Printer;
  readonly steps: Steps;
  readonly player: FluxPlayer;
  readonly watch: PipelineWatch;
}

/** A commit for dev; all that follows is Turnpike's doing, but for the merges. */
export async function walk(deps: WalkDeps): Promise<void> {
  await deps.steps.run(`Bump dev to ${NEXT_VERSION}`, async (conclude) => {
    await bump(deps);
    await arrive(deps, 'dev');
    conclude(`${NEXT_VERSION} deployed, event taken`);
  });
  for (const [from, to] of [
    ['dev', 'staging'],
    ['staging', 'prod'],
  ] as const) {
    await deps.steps.run(`Promote from ${from} to ${to}`, async (conclude) => {
      const { number } = await merge(deps, to);
      await arrive(deps, to);
      if (to === 'prod') await finish(deps);
      conclude(`pull request #${number} merged, ${NEXT_VERSION} deployed`);
    });
  }
}

async function bump({ lab, print }: WalkDeps): Promise<void> {
  const path = releasePath('dev');
  const message = `Use ${APP} ${NEXT_VERSION} in dev`;
  const [before, after] = [FIRST_VERSION, NEXT_VERSION].map((version) => releaseFile('dev', version));
  await lab.gitea.commit(REPOSITORY, 'main', { [path]: after ?? '' }, message);
  print.say(`Committed to main: "${message}"`);
  printDiff(print, path, changedLines(before ?? '', after ?? ''));
  const then = lab.has.flux ? 'only watches' : 'plays Flux, watches';
  print.say(`From here on the demo ${then}, and merges what Turnpike proposes.`);
}

/** Waits until an environment runs the version, and until Turnpike has been told so. */
async function arrive({ player, print, turnpike }: WalkDeps, environment: Environment): Promise<void> {
  const how = await player.deploy(environment, NEXT_VERSION);
  print.say(`${environment} runs ${NEXT_VERSION}: ${how}`, 'green');
  print.say(await awaitEvent(turnpike, environment, NEXT_VERSION));
}

async function merge({ lab, print, watch }: WalkDeps, to: Environment): Promise<PullRequest> {
  const pull = await openPullRequest(lab, to);
  await watch.shows(`(PR #${pull.number})`);
  print.say(`Turnpike opened pull request #${pull.number}: ${pull.title}`, 'green');
  print.more(pull.html_url);
  const diff = await pullRequestDiff(lab.gitea, REPOSITORY, pull.number);
  printDiff(print, releasePath(to), diff);
  if (diff.length !== 2) throw new Error(`pull request #${pull.number} changes more than one line`);
  await lab.gitea.merge(REPOSITORY, pull.number);
  print.say(`Merged #${pull.number}, as somebody who reviewed it would.`);
  return pull;
}

async function openPullRequest(lab: Lab, to: Environment): Promise<PullRequest> {
  const look = async () => {
    const promotion = (await statusOf(lab)).environments?.[to]?.promotion;
    return isOpen(promotion) ? { done: promotion.pullRequest.number } : { saw: promotion };
  };
  const number = await waitFor(`the pull request for ${to}`, look, { seconds: 60, everyMs: 150 });
  const open = await lab.gitea.pulls(REPOSITORY);
  const [pull] = open;
  if (pull?.number === number && open.length === 1) return pull;
  throw new Error(`Gitea shows other open pull requests than #${number}: ${JSON.stringify(open)}`);
}

type WithPullRequest = PromotionStatus & { readonly pullRequest: object };

function isOpen(promotion: PromotionStatus | undefined): promotion is WithPullRequest {
  const { phase, revision, pullRequest } = promotion ?? {};
  return phase === 'PullRequestOpen' && revision === NEXT_VERSION && pullRequest !== undefined;
}

async function finish({ lab, print, watch }: WalkDeps): Promise<void> {
  const show = async (args: readonly string[]) => {
    showCommand(print, lab, args);
    print.more(await lab.kubectl(args), 'dim');
  };
  await watch.shows(ENVIRONMENTS.map((environment) => `${environment} ${NEXT_VERSION}`).join(' → '));
  await show(['get', 'helmreleases', '-A']);
  // Without Flux there is nobody who installs charts.
  if (lab.has.flux) await show(['get', 'configmap', APP, '-n', 'prod', '-o', 'jsonpath={.data.greeting}']);
}

async function statusOf(lab: Lab): Promise<PipelineStatus> {
  const path = `/apis/pipelines.weave.works/v1alpha1/namespaces/${NAMESPACE}/pipelines/${APP}`;
  const answer = await lab.request('GET', path);
  return ((await answer.json()) as { status?: PipelineStatus }).status ?? {};
}

function printDiff(print: Printer, path: string, lines: readonly string[]): void {
  print.more(`  ${path}`, 'dim');
  for (const line of lines) print.more(`  ${line}`, line.startsWith('+') ? 'green' : 'red');
}
