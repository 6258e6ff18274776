import { describe, expect, test } from 'bun:test';
import type { TurnpikeError } from '../../../src/lib/errors.ts';
import { FLUSH_PKT, pktLine } from '../../../src/lib/git/protocol/pktline.ts';
import { failureOf } from '../../fakes/failure.ts';
import type { Intercept } from '../stage/server.ts';
import { gitStage } from '../stage/stage.ts';
import { BRANCH, branchUpdate, marked } from '../stage/support.ts';

const FILE = 'a.yaml';
const PASSWORD = 'correct-horse';
const stage = gitStage({ [FILE]: marked('1.0.0') });

const promote = (changed: Parameters<typeof branchUpdate>[1] = {}) =>
  stage.branches.updateBranch(
    branchUpdate(stage.url, { credentials: { username: 'ada', password: PASSWORD }, ...changed }),
  );
const linesTo = (ending: string) =>
  stage.server.requests.map(({ line }) => line).filter((line) => line.endsWith(ending));
const copies = () => [...new Bun.Glob('*.git/objects/pack/*.pack').scanSync(stage.branches.directory)];
const onBand = (band: number, text: string) =>
  pktLine(Buffer.concat([Buffer.from([band]), Buffer.from(text)]));

/** Answers what is posted to a service in the server's place. */
function answering(service: string, body: Buffer): Intercept {
  const headers = { 'content-type': `application/x-${service}-result` };
  return ({ url, method }) =>
    method === 'POST' && url.endsWith(`/${service}`) ? new Response(body, { headers }) : undefined;
}

const LOAD = 'GitLab is currently unable to handle this request due to load.';

describe('what a server says in place of a pack', () => {
  test.each<[string, Buffer, string]>([
    [
      'in an ERR line',
      pktLine(`ERR upload-pack: not our ref, ${PASSWORD}\nask again\n`),
      'does not serve what was requested. It says: upload-pack: not our ref, *** ask again',
    ],
    [
      'in an ERR line behind others',
      Buffer.concat([pktLine('NAK\n'), pktLine('ERR too busy\n')]),
      'does not serve what was requested. It says: too busy',
    ],
    [
      'on the band for errors',
      Buffer.concat([pktLine('NAK\n'), onBand(2, 'Counting\r'), onBand(3, LOAD), FLUSH_PKT]),
      `does not serve what was requested. It says: ${LOAD}`,
    ],
    [
      'at great length',
      Buffer.concat([pktLine('NAK\n'), onBand(3, 'no '.repeat(20_000))]),
      'does not serve what was requested. It says: no no no',
    ],
    [
      'on the band for people alone',
      Buffer.concat([pktLine('NAK\n'), onBand(2, LOAD), FLUSH_PKT]),
      `it sent no pack. It says: ${LOAD}`,
    ],
    ['as nothing at all', Buffer.alloc(0), 'it sent no pack'],
    ['as nothing but NAK', pktLine('NAK\n'), 'it sent no pack'],
  ])('reaches the user, and costs no copy: %s', async (_, body, words) => {
    await promote();
    await stage.repository.commit({ 'b.yaml': 'b: 1\n' });
    const warm = copies();
    stage.server.requests.length = 0;
    stage.server.intercept = answering('git-upload-pack', body);
    const error = await failureOf(promote({ revision: '3.0.0' }));
    expect(error).toMatchObject({ retry: 'backoff' } satisfies Partial<TurnpikeError>);
    expect(error.message).toContain(words);
    expect(error.message).not.toContain(PASSWORD);
    expect(error.message).not.toContain('\n');
    expect(error.message.length).toBeLessThan(1_000);
    expect(linesTo('/git-upload-pack')).toHaveLength(1);
    expect(stage.server.requests).toHaveLength(2);
    expect(copies()).toEqual(warm);

    stage.server.intercept = undefined;
    expect((await promote({ revision: '3.0.0' })).kind).toBe('pushed');
    expect(await stage.repository.read(BRANCH, FILE)).toBe(marked('3.0.0'));
    expect(copies()).toEqual(expect.arrayContaining(warm));
  });

  test('of the first copy is asked for once', async () => {
    stage.server.intercept = answering('git-upload-pack', pktLine(`ERR ${LOAD}`));
    const error = await failureOf(promote());
    expect(error.message).toEndWith(`It says: ${LOAD}`);
    expect(linesTo('/git-upload-pack')).toHaveLength(1);
  });

  test('is not asked for at once by a look, either', async () => {
    const look = branchUpdate(stage.url);
    await stage.branches.inspect(look);
    await stage.repository.commit({ 'b.yaml': 'b: 1\n' });
    stage.server.intercept = answering('git-upload-pack', pktLine(`ERR ${LOAD}`));
    expect((await failureOf(stage.branches.inspect(look))).message).toEndWith(`It says: ${LOAD}`);
    expect(linesTo('/git-upload-pack')).toHaveLength(2);
    stage.server.intercept = undefined;
    expect((await stage.branches.inspect(look)).kind).toBe('differs');
  });
});

describe('what a server says in place of its refs', () => {
  test.each(['git-upload-pack', 'git-receive-pack'])('reaches the user (%s)', async (service) => {
    const headers = { 'content-type': `application/x-${service}-advertisement` };
    const said = [pktLine(`# service=${service}\n`), FLUSH_PKT, pktLine(`ERR ${LOAD} ${PASSWORD}\n`)];
    stage.server.intercept = ({ url }) =>
      url.endsWith(`=${service}`) ? new Response(Buffer.concat(said), { headers }) : undefined;
    const error = await failureOf(promote());
    expect(error).toMatchObject({ code: 'GitRejected', retry: 'backoff' });
    expect(error.message).toEndWith(`refuses the connection. It says: ${LOAD} ***`);
    expect(linesTo(`=${service}`)).toHaveLength(1);
  });
});

describe('what a server says in place of the report of a push', () => {
  const report = (...lines: readonly string[]) =>
    onBand(1, Buffer.concat([...lines.map((line) => pktLine(line)), FLUSH_PKT]).toString());

  test.each<[string, Buffer, string]>([
    ['in an ERR line', pktLine(`ERR ${LOAD} ${PASSWORD}`), `It says: ${LOAD} ***`],
    ['on the band for errors', Buffer.concat([onBand(3, LOAD), FLUSH_PKT]), `It says: ${LOAD}`],
    [
      'of a pack that it cannot use',
      Buffer.concat([report('unpack index-pack failed\n'), onBand(2, 'disk is full\n'), FLUSH_PKT]),
      'It says: unpack index-pack failed disk is full',
    ],
    ['as nothing at all', Buffer.alloc(0), 'did not report whether it accepted the push'],
    ['as nothing about the branch', report('unpack ok\n'), 'did not report whether it accepted the push'],
  ])('reaches the user, and what was not said to be done is not: %s', async (_, body, words) => {
    stage.server.intercept = answering('git-receive-pack', body);
    const error = await failureOf(promote());
    expect(error).toMatchObject({ retry: 'backoff' } satisfies Partial<TurnpikeError>);
    expect(error.message).toContain(words);
    expect(error.message).toContain(`refs/heads/${BRANCH}`);
    expect(error.message).not.toContain(PASSWORD);
    expect(linesTo('/git-receive-pack').length).toBeLessThan(3);
    stage.server.intercept = undefined;
    expect((await promote()).kind).toBe('pushed');
  });
});
