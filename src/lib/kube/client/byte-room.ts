import { TurnpikeError } from '../../errors.ts';

/** Memory for answers of other clusters while they come and are parsed. */
export interface ByteRoom {
  /** For an answer to somebody of this namespace. */
  open(namespace: string): AnswerBytes;
}

/** The bytes of one answer. */
export interface AnswerBytes {
  /**
   * So many have come.
   * @throws TurnpikeError ApiBusy when there is no room for them
   */
  take(bytes: number): void;
  /** Gives all of them back. */
  release(): void;
}

/** In bytes. */
export interface ByteRoomLimits {
  readonly total: number;
  readonly namespace: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** Five full pages of lists; what is parsed takes several times its bytes. */
const LIMITS: ByteRoomLimits = { total: 40 * MIB, namespace: 20 * MIB };
/** Bytes of each answer that are not counted: a small one is read whatever others hold. */
const FREE = 64 * KIB;

export function createByteRoom(limits: ByteRoomLimits = LIMITS): ByteRoom {
  const byNamespace = new Map<string, number>();
  let total = 0;

  function add(namespace: string, bytes: number): void {
    const left = (byNamespace.get(namespace) ?? 0) + bytes;
    if (left > 0) byNamespace.set(namespace, left);
    else byNamespace.delete(namespace);
    total += bytes;
  }

  return {
    open(namespace) {
      let [size, held] = [0, 0];
      return {
        take(bytes) {
          size += bytes;
          const more = Math.max(size - FREE, 0) - held;
          const own = byNamespace.get(namespace) ?? 0;
          if (total + more > limits.total || own + more > limits.namespace) throw full();
          add(namespace, more);
          held += more;
        },
        release() {
          add(namespace, -held);
          held = 0;
        },
      };
    },
  };
}

function full(): TurnpikeError {
  const message =
    'Turnpike holds too many answers of other clusters in memory for another large one: it is requested again.';
  return new TurnpikeError('ApiBusy', message);
}
