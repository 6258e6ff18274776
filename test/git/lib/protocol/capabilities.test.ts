import { describe, expect, test } from 'bun:test';
import { FLUSH_PKT, pktLine, readPktLines } from '../../../../src/lib/git/protocol/pktline.ts';
import { failureOf } from '../../../fakes/failure.ts';
import type { Intercept } from '../../stage/server.ts';
import { gitStage } from '../../stage/stage.ts';
import { BRANCH, branchUpdate, marked } from '../../stage/support.ts';

const FILE = 'a.yaml';
const stage = gitStage({ [FILE]: marked('1.0.0') });

const promote = (changed: Parameters<typeof branchUpdate>[1] = {}) =>
  stage.branches.updateBranch(branchUpdate(stage.url, changed));

/** The real server, but for what it says that it can do. */
function offering(service: string, capabilities: string): Intercept {
  return async (request, real) => {
    const answer = await real();
    if (!request.url.endsWith(`=${service}`)) return answer;
    const lines: Buffer[] = [];
    readPktLines(Buffer.from(await answer.arrayBuffer()), (line) => {
      const text = line?.toString('utf8').replace(/\0.*/, `\0${capabilities}`);
      lines.push(text === undefined ? FLUSH_PKT : pktLine(text));
    });
    return new Response(Buffer.concat(lines), { headers: answer.headers });
  };
}

describe('a server that can do little', () => {
  test.each([
    ['no side bands', 'report-status'],
    ['what Azure DevOps has', ' report-status side-band-64k delete-refs quiet'],
    ['no deltas by offset', 'report-status side-band-64k object-format=sha1 agent=git/2'],
  ])('is pushed to with %s', async (_, capabilities) => {
    stage.server.intercept = offering('git-receive-pack', capabilities);
    for (const revision of ['2.0.0', '3.0.0']) {
      expect((await promote({ revision })).kind).toBe('pushed');
      expect(await stage.repository.read(BRANCH, FILE)).toBe(marked(revision));
    }
    await stage.repository.git('config', 'receive.denyNonFastForwards', 'true');
    const error = await failureOf(promote({ revision: '4.0.0', mayBeRebased: true }));
    expect(error.code).toBe('GitRejected');
    expect(error.message).toContain('non-fast-forward');
  });

  test('says what becomes of each branch of a push', async () => {
    stage.server.intercept = offering('git-receive-pack', 'report-status');
    await stage.repository.git('config', 'receive.denyNonFastForwards', 'true');
    const other = { branch: 'promotion-other', revision: '2.0.0' };
    await promote({ revision: '2.0.0' });
    const [refused, taken] = await Promise.allSettled([
      promote({ revision: '3.0.0', mayBeRebased: true }),
      promote(other),
    ]);
    expect(refused.status).toBe('rejected');
    expect(taken).toMatchObject({ status: 'fulfilled', value: { kind: 'pushed' } });
    expect(await stage.repository.read(BRANCH, FILE)).toBe(marked('2.0.0'));
    expect(await stage.repository.read(other.branch, FILE)).toBe(marked('2.0.0'));
  });

  test('is understood where it sends its report byte by byte', async () => {
    stage.server.intercept = async (request, real) => {
      const answer = await real();
      if (request.method !== 'POST' || !request.url.endsWith('/git-receive-pack')) return answer;
      const lines: Buffer[] = [];
      readPktLines(Buffer.from(await answer.arrayBuffer()), (line) => {
        for (const byte of line?.subarray(1) ?? []) lines.push(pktLine(Buffer.from([line?.[0] ?? 0, byte])));
      });
      return new Response(Buffer.concat([...lines, FLUSH_PKT]), { headers: answer.headers });
    };
    expect((await promote()).kind).toBe('pushed');
    await stage.repository.git('config', 'receive.denyNonFastForwards', 'true');
    expect((await failureOf(promote({ revision: '3.0.0', mayBeRebased: true }))).message).toContain(
      'non-fast-forward',
    );
  });

  test('and sends no tip alone is not fetched from, and that is said', async () => {
    stage.server.intercept = offering('git-upload-pack', 'multi_ack side-band-64k ofs-delta thin-pack');
    for (const attempt of [promote, () => stage.branches.inspect(branchUpdate(stage.url))]) {
      stage.server.requests.length = 0;
      const error = await failureOf(attempt());
      expect(error).toMatchObject({ code: 'GitRejected', retry: 'never' });
      expect(error.message).toBe(
        `${stage.url} cannot send the tip of a branch without its history (it lacks the capability "shallow"): use a Git server that can.`,
      );
      expect(stage.server.requests.filter(({ line }) => line.startsWith('POST'))).toEqual([]);
    }
  });
});
