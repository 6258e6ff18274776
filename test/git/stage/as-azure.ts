import { FLUSH_PKT, pktLine, readPktLines } from '../../../src/lib/git/protocol/pktline.ts';
import type { Intercept } from './server.ts';

/** Azure DevOps's capabilities for fetches, without ofs-delta (https://github.com/go-git/go-git/issues/64). */
const CAPABILITIES =
  'multi_ack thin-pack side-band side-band-64k no-progress multi_ack_detailed no-done shallow allow-tip-sha1-in-want symref=HEAD:refs/heads/main'.split(
    ' ',
  );

const UPLOAD_PACK = 'git-upload-pack';

/** `git http-backend` with the offers and refusals of Azure DevOps to a client that fetches. */
export function asAzure(answered: (bytes: number, asked: string) => void): Intercept {
  return async (request, real, body) => {
    const isPack = request.method === 'POST' && request.url.endsWith(`/${UPLOAD_PACK}`);
    if (!isPack) return request.url.endsWith(`=${UPLOAD_PACK}`) ? offering(await real()) : real();
    const asked = firstLine(body);
    const refusal = refusalOf(asked.trim().split(' ').slice(2));
    if (refusal) return new Response(refusal, { status: 400 });
    const answer = await real();
    const bytes = await answer.arrayBuffer();
    answered(bytes.byteLength, asked);
    return new Response(bytes, { headers: answer.headers });
  };
}

/** The words are those of https://github.com/ConfigButler/gitops-reverser/issues/288. */
function refusalOf(asked: readonly string[]): string | undefined {
  const unknown = asked.filter((one) => !CAPABILITIES.includes(one));
  const isKnown = unknown.length === 0 && asked.some((one) => one.startsWith('multi_ack'));
  const why = unknown.length > 0 ? `Unknown: ${unknown.join(' ')}.` : 'Clients must support multi-ack.';
  return isKnown ? undefined : `TF401041: The Git protocol sent is not as expected (${why})`;
}

function firstLine(body: Buffer): string {
  return body.toString('utf8', 4, Number.parseInt(body.toString('latin1', 0, 4), 16));
}

async function offering(answer: Response): Promise<Response> {
  const lines: Buffer[] = [];
  readPktLines(Buffer.from(await answer.arrayBuffer()), (line) => {
    if (line === null) lines.push(FLUSH_PKT);
    else lines.push(pktLine(line.toString('utf8').replace(/\0.*/, `\0${CAPABILITIES.join(' ')}`)));
  });
  return new Response(Buffer.concat(lines), { headers: answer.headers });
}
