/** A Flux event is below 4 KiB; notification-controller's own bound is 3 MiB. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

/**
 * The exact bytes of the body, or undefined when there are more than `limit`. What says so in its header
 * is not read at all; what comes in chunks is read no further than the limit.
 */
export async function readBody(request: Request, limit = MAX_BODY_BYTES): Promise<Uint8Array | undefined> {
  const declared = request.headers.get('content-length');
  if (declared !== null) {
    return Number(declared) > limit ? undefined : await request.bytes();
  }
  if (!request.body) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.byteLength;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
