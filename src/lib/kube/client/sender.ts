import { untilAborted } from '../../async/index.ts';
import { asTurnpikeError, type TurnpikeError } from '../../errors.ts';
import type { Connections } from './connections.ts';
import {
  answerError,
  connectionError,
  type Outgoing,
  pathAndQuery,
  provesAlive,
  unavailable,
} from './exchange.ts';

export interface RequestRecord {
  readonly method: string;
  readonly host: string;
  /** HTTP status, or `<error>` when there was no answer, as in client-go's metric. */
  readonly code: string;
}

/** Sends requests to one API server, and knows whether it was there the last time. */
export interface Sender {
  /** The answer with its body unread. @throws the answer's error where it is no success */
  send(outgoing: Outgoing, init: BunFetchRequestInit): Promise<Response>;
  /** An answer has come as a whole. */
  succeeded(): void;
  /** The error to throw; `givenUp` by who asked, which says nothing of the server. */
  failure(error: unknown, givenUp: boolean): TurnpikeError;
  available(): boolean;
}

export interface SenderDeps {
  readonly connections: Connections;
  readonly closing: AbortSignal;
  readonly onRequest: ((request: RequestRecord) => void) | undefined;
}

export function createSender({ connections, closing, onRequest }: SenderDeps): Sender {
  const { server } = connections;
  const host = new URL(server).host;
  let reachable = true;

  async function send(outgoing: Outgoing, init: BunFetchRequestInit): Promise<Response> {
    let code = '<error>';
    try {
      const answer = await untilAborted(connections.fetch(pathAndQuery(outgoing), init), init.signal);
      const { response } = answer;
      code = String(response.status);
      if (!response.ok) throw await answerError(answer, outgoing, init.signal);
      return response;
    } finally {
      onRequest?.({ method: outgoing.method, host, code });
    }
  }

  function failure(error: unknown, givenUp: boolean): TurnpikeError {
    if (closing.aborted) return unavailable('The client of the API server is closed.', error);
    if (givenUp) return unavailable('The request to the API server was given up.', error);
    const known = asTurnpikeError(error, (cause) => connectionError(cause, server));
    reachable = provesAlive(known);
    return known;
  }

  return {
    send,
    failure,
    succeeded() {
      reachable = true;
    },
    available: () => reachable,
  };
}
