import { FLUSH_PKT, pktLine } from '../../../src/lib/git/protocol/pktline.ts';
import { type ActContext, between, HOSTILE_ADDRESS } from './act.ts';
import { createTenant } from './tenant.ts';

/** A Git server over http that answers as an act asks, and a tenant whose Pipelines name it. */

export type Service = 'git-upload-pack' | 'git-receive-pack';

export interface HostileAnswers {
  /** Answers `info/refs`; default: one branch, of `oid`. */
  readonly refs?: (service: Service) => Response;
  readonly oid?: string;
  /** Answers a fetch; default: never. */
  readonly fetch?: () => Response;
}

export interface GitActOptions {
  readonly pipelines: number;
  /** The least time between two events of a Pipeline. */
  readonly everyMs: number;
}

type Body = ReadableStream<Uint8Array> | Uint8Array;

const PIECE_BYTES = 60_000;
const OID = 'c0ffee'.padEnd(40, '0');

/** Serves until the act ends. */
export async function actAsGitServer(
  context: ActContext,
  answers: HostileAnswers,
  { pipelines, everyMs }: GitActOptions,
): Promise<void> {
  const server = Bun.serve({
    hostname: HOSTILE_ADDRESS,
    port: 0,
    idleTimeout: 255,
    fetch(request) {
      const url = new URL(request.url);
      if (!url.pathname.startsWith('/api/')) context.reached();
      return answerOf(answers, url);
    },
  });
  const url = (index: number) => `http://${HOSTILE_ADDRESS}:${server.port}/mallory/repository${index}`;
  const tenant = await createTenant(context, { label: 'git', pipelines, url });
  await tenant.promote(everyMs);
  await tenant.leave();
  await server.stop(true);
}

/** Chooses the number of Pipelines of a tenant with such a server, and the time between their events. */
export function someUrgency({ random }: ActContext): GitActOptions {
  return { pipelines: between(random, 4, 10), everyMs: between(random, 1000, 5000) };
}

function answerOf({ refs, fetch, oid = OID }: HostileAnswers, url: URL): Response | Promise<Response> {
  // The forge's API is left to other acts.
  if (url.pathname.startsWith('/api/')) return Response.json({ message: 'Not Found' }, { status: 404 });
  if (url.pathname.endsWith('/info/refs')) {
    const service = url.searchParams.get('service') as Service;
    return refs?.(service) ?? advertised(service, advertisement(service, oid));
  }
  return fetch?.() ?? new Promise<Response>(() => undefined);
}

export function advertisement(service: Service, oid: string): Buffer {
  const capabilities = {
    'git-upload-pack': 'multi_ack_detailed no-done side-band-64k shallow ofs-delta thin-pack',
    'git-receive-pack': 'report-status side-band-64k ofs-delta atomic',
  };
  return Buffer.concat([
    pktLine(`# service=${service}\n`),
    FLUSH_PKT,
    pktLine(`${oid} refs/heads/main\0${capabilities[service]}\n`),
    FLUSH_PKT,
  ]);
}

export function advertised(service: Service, body: Body, status = 200): Response {
  return new Response(asBody(body), {
    status,
    headers: { 'content-type': `application/x-${service}-advertisement` },
  });
}

export function fetched(body: Body): Response {
  return new Response(asBody(body), { headers: { 'content-type': 'application/x-git-upload-pack-result' } });
}

/** The types of Response leave out views of memory that could be shared. */
function asBody(body: Body): ReadableStream | Uint8Array<ArrayBuffer> {
  return body as ReadableStream | Uint8Array<ArrayBuffer>;
}

/** The bytes before a pack in the answer to a fetch of depth 1. */
export function beforePack(oid: string): Buffer {
  return Buffer.concat([pktLine(`shallow ${oid}`), FLUSH_PKT, pktLine('NAK\n')]);
}

export function onBand(piece: Uint8Array): Buffer {
  return pktLine(Buffer.concat([Buffer.from([1]), piece]));
}

export function packAnswer(oid: string, pack: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < pack.length; at += PIECE_BYTES)
    pieces.push(onBand(pack.subarray(at, at + PIECE_BYTES)));
  return Buffer.concat([beforePack(oid), ...pieces, FLUSH_PKT]);
}
