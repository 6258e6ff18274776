import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { TurnpikeError } from '../../../../src/lib/errors.ts';
import { parseAdvertisement } from '../../../../src/lib/git/protocol/advertisement.ts';
import { pktLine } from '../../../../src/lib/git/protocol/pktline.ts';
import { failureOf } from '../../../fakes/failure.ts';
import { branchUpdate, testBranches } from '../../stage/support.ts';

/** What a Git server may say of its refs, and when it fails. */

const MIB = 1024 * 1024;
const REMOTE = { name: 'https://git.example/app.git', credentials: {} };
const OID = '0'.repeat(40);
const PIECE = new Uint8Array(16 * 1024).fill(0x61);

describe('an advertisement', () => {
  test.each(['0004', '0000'])('of 8 MiB of %s is given up by its lines', async (line) => {
    const bytes = Buffer.alloc(8 * MIB, line);
    const error = await failureOf(
      Promise.try(() => parseAdvertisement(bytes, new Set(['refs/heads/main']), REMOTE)),
    );
    expect(error).toMatchObject({ code: 'GitTooLarge', retry: 'never' });
    expect(error.message).toContain('has more than 200000 branches and tags');
  });

  test('keeps the refs that are asked for alone, however many there are', () => {
    const lines = Array.from({ length: 100_000 }, (_, number) => pktLine(`${OID} refs/heads/b${number}\n`));
    const { refs } = parseAdvertisement(Buffer.concat(lines), new Set(['refs/heads/b7']), REMOTE);
    expect([...refs]).toEqual([['refs/heads/b7', OID]]);
  });
});

describe('a Git server', () => {
  let server: ReturnType<typeof Bun.serve>;
  let answer: () => Response;

  beforeAll(() => {
    server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => answer() });
  });
  afterAll(() => server.stop(true));

  async function failure(): Promise<TurnpikeError> {
    const branches = await testBranches();
    try {
      return await failureOf(branches.updateBranch(branchUpdate(`${server.url.origin}/app.git`)));
    } finally {
      await branches.close();
    }
  }

  /** Counts what the server gets rid of. */
  function endless(headers: Record<string, string>, status = 200) {
    const sent = { bytes: 0 };
    const pull = async (controller: ReadableStreamDefaultController) => {
      await Bun.sleep(0);
      sent.bytes += PIECE.length;
      controller.enqueue(PIECE);
    };
    answer = () => new Response(new ReadableStream({ pull }), { status, headers });
    return sent;
  }

  test('that lists more than 8 MiB of refs is refused, and read no further', async () => {
    const type = 'application/x-git-upload-pack-advertisement';
    const sent = endless({ 'content-type': type });
    const error = await failure();
    expect(error).toMatchObject({ code: 'GitTooLarge', retry: 'never' });
    expect(error.message).toEndWith(' answered with more than 8388608 bytes.');
    expect(sent.bytes).toBeLessThan(64 * MIB);
  });

  test('that fails at length is heard for its first words alone', async () => {
    const sent = endless({ 'content-type': 'text/plain' }, 500);
    const error = await failure();
    expect(error).toMatchObject({ code: 'GitUnavailable', retry: 'backoff' });
    expect(error.message).toContain('answered with HTTP 500. It says: aaa');
    expect(error.message.length).toBeLessThan(700);
    expect(sent.bytes).toBeLessThan(32 * MIB);
  });
});
