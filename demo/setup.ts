import { buildTurnpike, describeBuild } from '../scripts/build.ts';
import type { Located } from '../test/lab/build/store.ts';
import { installLab, type Lab, type LabParts, startLab } from '../test/lab/lab.ts';
import { freePort } from '../test/lab/ports.ts';
import { installTurnpike, serveTurnpike, TURNPIKE_NAMESPACE, type Turnpike } from '../test/lab/turnpike.ts';
import { describeApplied, showCommand } from './apply.ts';
import { NO_BREAK, type Printer, wrap } from './print.ts';
import type { Steps } from './steps.ts';

export interface SetupDeps {
  readonly print: Printer;
  readonly steps: Steps;
  readonly parts: LabParts;
}

/** Builds the missing parts: the programs of the lab, once, and Turnpike itself. */
export async function build({ print, steps, parts }: SetupDeps): Promise<void> {
  await steps.run('Build what is missing', async (conclude) => {
    const installed = await installLab(parts, print.reporter);
    const programs = [...installed.values()].filter(({ component }) => component.main !== undefined);
    print.say('Ready to start:');
    print.more(wrap(programs.map(describeProgram).join(', ')));
    const built = describeBuild(await buildTurnpike());
    print.say(built);
    conclude(built);
  });
}

function describeProgram({ component, binary, ownBinary }: Located): string {
  return binary === ownBinary ? `${component.name}${NO_BREAK}${component.version}` : binary;
}

/** Starts the programs that Turnpike needs. `onLab` gets the lab at once, so that it can be ended. */
export async function startPrograms(
  { print, steps, parts }: SetupDeps,
  onLab: (lab: Lab) => void,
): Promise<Lab> {
  const names = ['etcd', 'kube-apiserver', 'Gitea', ...(parts.flux ? ['Flux'] : [])].join(', ');
  return await steps.run(`Start ${names}`, async (conclude) => {
    const lab = await startLab({ ...parts, reporter: print.reporter });
    onLab(lab);
    const { gitVersion } = (await (await lab.request('GET', '/version')).json()) as { gitVersion: string };
    print.say(`Kubernetes ${gitVersion}: ${lab.server}`);
    print.say(`Gitea: ${lab.gitea.url}`);
    if (lab.has.flux) print.say('Flux: source-, kustomize-, helm- and notification-controller');
    print.say(`Data directory, where the paths below begin: ${lab.directory}`);
    conclude('all ready, on loopback ports');
    return lab;
  });
}

/** Installs Turnpike as users do, and starts the program with the rights of its ServiceAccount. */
export async function install({ print, steps }: SetupDeps, lab: Lab): Promise<Turnpike> {
  return await steps.run('Install Turnpike', async (conclude) => {
    const port = await freePort();
    const { overlay, printed } = await installTurnpike(lab, port);
    const applied = describeApplied(printed);
    showCommand(print, lab, ['apply', '-k', overlay]);
    print.more(wrap(applied), 'dim');
    print.more(wrap(OVERLAY), 'dim');
    const turnpike = await serveTurnpike(lab, port);
    print.say(
      `dist/turnpike serve is ready, with the rights of ServiceAccount ${TURNPIKE_NAMESPACE}/turnpike`,
    );
    print.more(`promotion webhook ${turnpike.hook}, metrics ${turnpike.metrics}/metrics`, 'dim');
    conclude(`${wrap(applied.split(':')[0] ?? '')}, program ready`);
    return turnpike;
  });
}

const OVERLAY =
  'That is kustomize/default but for one thing: no kubelet routes Services here, so the webhook ' +
  'configuration names the process by its URL.';
