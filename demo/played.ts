import { errorMessage } from '../src/api/errors.ts';
import { releaseEvent, sendEvent, setRelease } from '../test/lab/helm.ts';
import type { Lab } from '../test/lab/lab.ts';
import { eventAddress } from './manifests.ts';
import { APP, ENVIRONMENTS, type Environment, FIRST_VERSION, REPOSITORY, releasePath } from './names.ts';
import type { FluxPlayer } from './player.ts';
import type { Printer } from './print.ts';

export interface PlayedDeps {
  readonly lab: Lab;
  readonly print: Printer;
  /** Address of Turnpike's promotion webhook. */
  readonly hook: string;
  /** What events are signed with. */
  readonly key: string;
}

/**
 * Flux's part, played: what main holds is applied, the HelmRelease's status is set as helm-controller sets
 * it, and the event is signed and sent as notification-controller does.
 */
export function createPlayedFlux({ lab, print, hook, key }: PlayedDeps): FluxPlayer {
  async function install(environment: Environment, version: string, number: number) {
    const path = releasePath(environment);
    const manifest = await lab.gitea.file(REPOSITORY, 'main', path);
    if (manifest === undefined) throw new Error(`${path} is not on main of ${REPOSITORY}`);
    if (!manifest.includes(`version: ${version} `)) throw new Error(`${path} is not at ${version} on main`);
    await lab.apply(manifest);
    await setRelease(lab, { namespace: environment, name: APP }, { version, number });
  }

  async function send(event: object, url: string): Promise<void> {
    const answer = await sendEvent(event, { url, key }).catch((cause: unknown) => {
      throw new Error(`the event could not be sent to ${url}: ${errorMessage(cause)}`, { cause });
    });
    if (answer.ok) return;
    throw new Error(`${url} answered the event with ${answer.status}: ${await answer.text()}`);
  }

  async function start(): Promise<void> {
    print.say('Flux, played: the HelmReleases of main are applied, and their status is set to deployed');
    for (const environment of ENVIRONMENTS) await install(environment, FIRST_VERSION, 1);
    print.more(await lab.kubectl(['get', 'helmreleases', '-A']), 'dim');
  }

  async function deploy(environment: Environment, version: string): Promise<string> {
    await install(environment, version, 2);
    const event = releaseEvent({ namespace: environment, name: APP }, { version });
    await send(event, eventAddress(hook, environment));
    print.say(
      `Flux, played: ${releasePath(environment)} of main is applied, its status set to deployed, the event sent`,
    );
    return event.message;
  }

  return { start, deploy };
}
