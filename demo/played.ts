import { errorMessage } from '../src/lib/errors.ts';
import { releaseEvent, sendEvent, setRelease } from '../test/lab/helm.ts';
import type { Lab } from '../test/lab/lab.ts';
import { ACTS, type Act } from './acts.ts';
import { eventAddress } from './manifests.ts';
import { APP, ENVIRONMENTS, type Environment, REPOSITORY, releasePath } from './names.ts';
import type { FluxPlayer } from './player.ts';
import type { Printer } from './print.ts';

export interface PlayedDeps {
  readonly lab: Lab;
  readonly print: Printer;
  /** Address of Turnpike's promotion webhook. */
  readonly hook: string;
  /** The key that signs events. */
  readonly key: string;
}

interface Installation {
  readonly revision: string;
  /** The release's number, counted from 1. */
  readonly number: number;
}

/**
 * Flux's part, played: applies what main holds, sets the HelmRelease's status as helm-controller does, and
 * signs and sends the event as notification-controller does.
 */
export function createPlayedFlux({ lab, print, hook, key }: PlayedDeps): FluxPlayer {
  async function install(act: Act, environment: Environment, { revision, number }: Installation) {
    const path = releasePath(environment, act.app);
    const manifest = await lab.gitea.file(REPOSITORY, 'main', path);
    if (manifest === undefined) throw new Error(`${path} is not on main of ${REPOSITORY}`);
    if (manifest !== act.file(environment, revision)) {
      throw new Error(`${path} is not at ${act.called(revision)} on main`);
    }
    await lab.apply(manifest);
    const release = { version: act.chart(revision), chart: APP, number };
    await setRelease(lab, { namespace: environment, name: act.app }, release);
    return release;
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
    for (const environment of ENVIRONMENTS) {
      for (const act of ACTS) await install(act, environment, { revision: act.first, number: 1 });
    }
    print.more(await lab.kubectl(['get', 'helmreleases', '-A']), 'dim');
  }

  async function deploy(act: Act, environment: Environment, revision: string): Promise<string> {
    const release = await install(act, environment, { revision, number: 2 });
    const event = releaseEvent({ namespace: environment, name: act.app }, release);
    if (act.hasAlerts) await send(event, eventAddress(hook, environment));
    const sent = act.hasAlerts ? ', the event sent' : '';
    const path = releasePath(environment, act.app);
    print.say(`Flux, played: ${path} of main is applied, its status set to deployed${sent}`);
    return event.message;
  }

  return { start, deploy };
}
