import type { PipelineStatus, PromotionStatus } from '../src/api/pipeline.ts';
import type { PullRequest } from '../test/lab/gitea/forge.ts';
import type { Lab } from '../test/lab/lab.ts';
import type { Turnpike } from '../test/lab/turnpike.ts';
import { waitFor } from '../test/lab/wait.ts';
import { type Act, CHART } from './acts.ts';
import { showCommand } from './apply.ts';
import { changedLines, pullRequestDiff } from './diff.ts';
import { awaitEvent } from './events.ts';
import { everywhere } from './fleet.ts';
import { type Environment, NAMESPACE, REPOSITORY, releasePath } from './names.ts';
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
  readonly act: Act;
}

/** A commit for dev; all that follows is Turnpike's doing, but for the merges. */
export async function walk(deps: WalkDeps): Promise<void> {
  const { act } = deps;
  const next = act.called(act.next);
  await deps.steps.run(`Bump dev to ${next}`, async (conclude) => {
    await bump(deps);
    await arrive(deps, 'dev');
    conclude(`${next} deployed${act.hasAlerts ? ', event taken' : ''}`);
  });
  for (const [from, to] of [
    ['dev', 'staging'],
    ['staging', 'prod'],
  ] as const) {
    await deps.steps.run(`Promote ${act.what}from ${from} to ${to}`, async (conclude) => {
      const { number } = await merge(deps, to);
      await arrive(deps, to);
      if (to === 'prod') await finish(deps);
      conclude(`pull request #${number} merged, ${next} deployed`);
    });
  }
}

async function bump({ lab, print, act }: WalkDeps): Promise<void> {
  const path = releasePath('dev', act.app);
  const message = `Use ${act.app} ${act.called(act.next)} in dev`;
  const [before, after] = [act.file('dev', act.first), act.file('dev', act.next)];
  await lab.gitea.commit(REPOSITORY, 'main', { [path]: after }, message);
  print.say(`Committed to main: "${message}"`);
  printDiff(print, path, changedLines(before, after));
  if (act !== CHART) return;
  const then = lab.has.flux ? 'only watches' : 'plays Flux, watches';
  print.say(`From here on the demo ${then}, and merges what Turnpike proposes.`);
}

/** Waits until an environment runs the revision, and until Turnpike has the event of it where Flux sends one. */
async function arrive({ player, print, turnpike, act }: WalkDeps, environment: Environment): Promise<void> {
  const how = await player.deploy(act, environment, act.next);
  print.say(`${environment} runs ${act.called(act.next)}: ${how}`, 'green');
  if (act.hasAlerts) print.say(await awaitEvent(turnpike, environment, act.next));
}

async function merge({ lab, print, watch, act }: WalkDeps, to: Environment): Promise<PullRequest> {
  const pull = await openPullRequest(lab, act, to);
  await watch.shows(act.app, `(PR #${pull.number})`);
  print.say(`Turnpike opened pull request #${pull.number}: ${pull.title}`, 'green');
  print.more(pull.html_url);
  const diff = await pullRequestDiff(lab.gitea, REPOSITORY, pull.number);
  printDiff(print, releasePath(to, act.app), diff);
  if (diff.length !== 2) throw new Error(`pull request #${pull.number} changes more than one line`);
  await lab.gitea.merge(REPOSITORY, pull.number);
  print.say(`Merged #${pull.number}, as somebody who reviewed it would.`);
  return pull;
}

async function openPullRequest(lab: Lab, act: Act, to: Environment): Promise<PullRequest> {
  const look = async () => {
    const promotion = (await statusOf(lab, act)).environments?.[to]?.promotion;
    return isOpen(promotion, act) ? { done: promotion.pullRequest.number } : { saw: promotion };
  };
  const number = await waitFor(`the pull request for ${to}`, look, { seconds: 60, everyMs: 150 });
  const open = await lab.gitea.pulls(REPOSITORY);
  const [pull] = open;
  if (pull?.number === number && open.length === 1) return pull;
  throw new Error(`Gitea shows other open pull requests than #${number}: ${JSON.stringify(open)}`);
}

type WithPullRequest = PromotionStatus & { readonly pullRequest: object };

function isOpen(promotion: PromotionStatus | undefined, { next }: Act): promotion is WithPullRequest {
  const { phase, revision, pullRequest } = promotion ?? {};
  return phase === 'PullRequestOpen' && revision === next && pullRequest !== undefined;
}

async function finish({ lab, print, watch, act }: WalkDeps): Promise<void> {
  const show = async (args: readonly string[]) => {
    showCommand(print, lab, args);
    print.more(await lab.kubectl(args), 'dim');
  };
  await watch.shows(act.app, everywhere(act.next));
  await show(['get', 'helmreleases', '-A']);
  // Charts are not installed without Flux.
  const output = `jsonpath={.data.${act === CHART ? 'greeting' : 'image'}}`;
  if (lab.has.flux) await show(['get', 'configmap', act.app, '-n', 'prod', '-o', output]);
}

async function statusOf(lab: Lab, { app }: Act): Promise<PipelineStatus> {
  const path = `/apis/pipelines.weave.works/v1alpha1/namespaces/${NAMESPACE}/pipelines/${app}`;
  const answer = await lab.request('GET', path);
  return ((await answer.json()) as { status?: PipelineStatus }).status ?? {};
}

function printDiff(print: Printer, path: string, lines: readonly string[]): void {
  print.more(`  ${path}`, 'dim');
  for (const line of lines) print.more(`  ${line}`, line.startsWith('+') ? 'green' : 'red');
}
