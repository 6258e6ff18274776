import type { Turnpike } from '../test/lab/turnpike.ts';
import { waitFor } from '../test/lab/wait.ts';
import { APP, ENVIRONMENTS, type Environment, NAMESPACE } from './names.ts';

/** The part of Turnpike's log about an event that it took. */
interface Received {
  readonly msg: 'event received';
  readonly outcome: string;
  readonly reason: string;
  readonly revision: string;
  readonly ts: string;
}

/**
 * Waits until Turnpike has taken Flux's event about an environment, and says how it answered. The events of
 * one version arrive in the order of the environments, one for each.
 */
export async function awaitEvent(
  turnpike: Turnpike,
  environment: Environment,
  version: string,
): Promise<string> {
  const look = async () => {
    const lines = (await turnpike.log()).filter(isReceived).filter(({ revision }) => revision === version);
    const line = lines[ENVIRONMENTS.indexOf(environment)];
    return line === undefined ? { saw: `${lines.length} events about ${version}` } : { done: line };
  };
  const { reason, outcome } = await waitFor(`Flux's event about ${environment}`, look, { seconds: 45 });
  const path = `/promotion/${NAMESPACE}/${APP}/${environment}`;
  return `The signed event ${reason} came to ${path}: ${outcome}${explain(outcome)}`;
}

function isReceived(line: Record<string, unknown>): line is Record<string, unknown> & Received {
  return line.msg === 'event received' && line.reason === 'UpgradeSucceeded';
}

function explain(outcome: string): string {
  switch (outcome) {
    case 'accepted':
      return ', recorded in the status';
    case 'completed':
      return ', the last environment is reached';
    case 'unchanged':
      return ', Turnpike had seen it in the cluster before';
    default:
      return '';
  }
}
