/**
 * Takes the side bands of an answer (gitprotocol-pack): 1 is the answer itself, 2 words for people, 3 a fatal error.
 */
export interface SideBands {
  /** Gets each piece of the answer itself. */
  readonly data: (piece: Buffer) => void;
  /** Gets each line on no band: those before the pack, or all where no side bands were agreed on. */
  readonly line: (line: Buffer | null) => void;
}

export interface Demultiplexer {
  readonly take: (payload: Buffer | null) => void;
  /** The first words for people, errors first. */
  words(): string;
  /** The error that the server ended with, if any. */
  error(): string | undefined;
}

const MAX_WORDS = 4_096;

export function createDemultiplexer({ data, line }: SideBands): Demultiplexer {
  let [words, error] = ['', ''];
  const more = (known: string, payload: Buffer) =>
    known.length < MAX_WORDS ? known + payload.toString('utf8', 1, MAX_WORDS) : known;
  return {
    take(payload) {
      const band = payload?.[0];
      if (payload && band === 1) data(payload.subarray(1));
      else if (payload && band === 2) words = more(words, payload);
      else if (payload && band === 3) error = more(error, payload);
      else line(payload);
    },
    words: () => `${error}${words}`,
    error: () => (error === '' ? undefined : error),
  };
}
