import { isLabInstalled, type Lab, type LabParts } from '../test/lab/lab.ts';
import type { Turnpike } from '../test/lab/turnpike.ts';
import { CHART, IMAGE } from './acts.ts';
import { createImagePipeline, createPipeline, deployFirst, newKey } from './fleet.ts';
import { createFlux } from './flux.ts';
import { APP, NEXT_VERSION } from './names.ts';
import type { DemoOptions } from './options.ts';
import { createPlayedFlux } from './played.ts';
import { type Printer, wrap } from './print.ts';
import { showRefusals } from './refusals.ts';
import { build, install, startPrograms } from './setup.ts';
import type { Steps } from './steps.ts';
import { walk } from './walk.ts';
import { formatRow, watchPipelines } from './watch.ts';

/** The parts that are running already, so that the caller can end or keep them. */
export interface Running {
  lab?: Lab;
  turnpike?: Turnpike;
}

export interface RunDeps {
  readonly print: Printer;
  readonly steps: Steps;
  readonly running: Running;
}

/** The whole demo but for its end. Fails with what it waited for and what it saw. */
export async function runDemo({ flux }: DemoOptions, { print, steps, running }: RunDeps): Promise<void> {
  const parts = partsFor(flux);
  introduce(print, parts, flux);
  const deps = { print, steps, parts };
  await build(deps);
  const lab = await startPrograms(deps, (started) => {
    running.lab = started;
  });
  const turnpike = await install(deps, lab);
  running.turnpike = turnpike;
  const { hook } = turnpike;
  const key = newKey();
  const player = lab.has.flux ? createFlux(lab, print) : createPlayedFlux({ lab, print, hook, key });
  const common = { lab, print, steps };
  const url = await deployFirst(common, player);
  const watch = await watchPipelines(lab, (row) => print.say(formatRow(row), 'cyan'));
  try {
    await createPipeline({ ...common, url, key, hook, watch });
    const walking = { ...common, turnpike, player, watch };
    await walk({ ...walking, act: CHART });
    await createImagePipeline({ ...common, url, watch });
    await walk({ ...walking, act: IMAGE });
    await showRefusals({ ...common, url });
  } finally {
    await watch.stop();
  }
}

function partsFor(flux: boolean | undefined): LabParts {
  const whole = { gitea: true, flux: true };
  return (flux ?? isLabInstalled(whole)) ? whole : { gitea: true, definitions: true };
}

function introduce(print: Printer, { flux }: LabParts, asked: boolean | undefined): void {
  print.title(`Turnpike takes ${APP} ${NEXT_VERSION}, and then an image, from dev to staging to prod`);
  print.raw(
    `Real: etcd, kube-apiserver, Gitea${flux ? ', Flux' : ''} and Turnpike, as processes on loopback ports.`,
  );
  print.raw(wrap(flux ? WITH_FLUX : WITHOUT_FLUX));
  if (!flux && asked === undefined) print.raw(FLUX_HINT);
}

const WITH_FLUX = 'There is no kubelet that could run pods, so each application is a ConfigMap.';
const WITHOUT_FLUX =
  "Flux is played by the demo: it applies what was merged, sets the HelmRelease's status as " +
  'helm-controller does, and signs and sends the same event.';
const FLUX_HINT = 'With Flux itself: npm run demo -- --flux (ten minutes more to build, once).';
