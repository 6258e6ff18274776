import type { Waiting } from '../../async/index.ts';
import type { ClientCertificate } from '../client-certificate.ts';

/** One request to a forge or a Git host. */
export interface OutboundRequest {
  readonly url: string;
  /** Default GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** PEM of a private CA, trusted beside the public ones. */
  readonly ca?: string;
  /** Shown to a server that asks for one. */
  readonly certificate?: ClientCertificate;
  /** A proxy that the Pipeline names, with its user and password; in the place of the environment's. */
  readonly proxy?: URL;
  /** For the whole exchange, the answer's body included, in milliseconds; default 30,000. */
  readonly timeoutMs?: number;
  /** For silence while waiting for the next bytes, in milliseconds; default: `timeoutMs`. */
  readonly idleTimeoutMs?: number;
  /** Bound of the answer's body after decompression, in bytes; default 8 MiB. Of an error, 64 KiB are read. */
  readonly maxBytes?: number;
  /** Takes the body of an answer as it comes, if it is of this type and not an error; the Response has none then. */
  readonly into?: BodySink;
  readonly signal?: AbortSignal;
  /** Waits for room among our own requests, which takes none of the time of this one. */
  readonly waiting?: Waiting;
  /** Room was taken already, and its taker gives it back. */
  readonly hasRoom?: boolean;
  /** Which family of error codes a failure gets; default `forge`. */
  readonly purpose?: Purpose;
}

export interface BodySink {
  readonly contentType: string;
  /** Takes a piece; an error that it throws ends the exchange. */
  readonly take: (piece: Uint8Array) => void;
}

export type Purpose = 'forge' | 'git';
