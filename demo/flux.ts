import type { Lab } from '../test/lab/lab.ts';
import { waitFor } from '../test/lab/wait.ts';
import { ACTS, type Act, type Condition, type Release } from './acts.ts';
import { applyManifest } from './apply.ts';
import { publishChart } from './chart.ts';
import {
  ENVIRONMENTS,
  type Environment,
  FIRST_VERSION,
  NAMESPACE,
  NEXT_VERSION,
  SPARE_VERSION,
} from './names.ts';
import type { FluxPlayer } from './player.ts';
import type { Printer } from './print.ts';
import { LOOK_EVERY, sources } from './sources.ts';

/** Flux itself: gets its sources and Kustomizations once, and is only watched from then on. */
export function createFlux(lab: Lab, print: Printer): FluxPlayer {
  async function start(fleetUrl: string): Promise<void> {
    const chartsUrl = await publishChart(lab.gitea, [FIRST_VERSION, NEXT_VERSION, SPARE_VERSION]);
    print.say(`A Helm repository serves the chart: ${chartsUrl}`);
    print.say(
      `Flux is told to look for commits every ${LOOK_EVERY}, and to apply each environment's folder:`,
    );
    await applyManifest({ lab, print }, 'flux', sources({ fleetUrl, chartsUrl }));
    for (const environment of ENVIRONMENTS) {
      for (const act of ACTS) print.say(`${environment}: ${await deploy(act, environment, act.first)}`);
    }
  }

  async function deploy(act: Act, environment: Environment, revision: string): Promise<string> {
    const look = async () => {
      const release = await releaseOf(lab, act, environment);
      return isDeployed(release) && act.runs(release) === revision
        ? { done: readyOf(release) }
        : { saw: await state(lab, environment) };
    };
    const ready = await waitFor(`Flux to deploy ${act.app} ${act.called(revision)} to ${environment}`, look, {
      seconds: 90,
      everyMs: 200,
    });
    return ready?.message ?? '';
  }

  return { start, deploy };
}

async function releaseOf(lab: Lab, { app }: Act, environment: Environment): Promise<Release> {
  const path = `/apis/helm.toolkit.fluxcd.io/v2/namespaces/${environment}/helmreleases/${app}`;
  const answer = await lab.request('GET', path);
  return (await answer.json()) as Release;
}

/** Ready alone may be of what ran before: the newest release has to be of the newest generation's values. */
function isDeployed(release: Release): boolean {
  const { metadata: { generation } = {}, status = {} } = release;
  const [latest] = status.history ?? [];
  const isCurrent = status.observedGeneration === generation && status.lastAttemptedGeneration === generation;
  const isRunning = latest?.status === 'deployed' && latest.configDigest === status.lastAttemptedConfigDigest;
  return isCurrent && isRunning && readyOf(release)?.status === 'True';
}

function readyOf({ status }: Release): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === 'Ready');
}

/** The status that Flux reports of everything that takes part. */
async function state(lab: Lab, environment: Environment): Promise<string> {
  const { code, stdout, stderr } = await lab.tryKubectl([
    ...['get', `gitrepositories,helmrepositories,helmcharts,kustomizations,helmreleases`],
    ...['-n', NAMESPACE, '--no-headers'],
  ]);
  const release = await lab.tryKubectl(['get', 'helmreleases', '-n', environment, '--no-headers']);
  return code === 0 ? `\n${stdout}${release.stdout}${release.stderr}` : stderr;
}
