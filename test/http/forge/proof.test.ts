import { describe, expect, test } from 'bun:test';
import { FORGE_TYPES, type ForgeType } from '../../../src/lib/forges/types.ts';
import { at } from '../../fakes/pipeline.ts';
import { hmac, PREVIOUS, SECRET, SENDERS } from './deliveries.ts';
import { connect } from './hook-app.ts';

describe('the proof of a forge', () => {
  test.each(FORGE_TYPES)('of type %s may be by the secret before, during a rotation', async (forge) => {
    const secrets = { forge: { 'webhook-secret': SECRET, 'webhook-secret-previous': PREVIOUS } };
    const { deliver } = connect({ forge, secrets });
    expect((await deliver(SENDERS[forge].merged(7), { secret: PREVIOUS })).status).toBe(202);
    expect((await deliver(SENDERS[forge].merged(7))).status).toBe(202);
    expect((await deliver(SENDERS[forge].merged(7), { secret: `${SECRET}.` })).status).toBe(401);
  });

  const body = JSON.stringify(SENDERS.gitea.merged(7));
  const signing = Buffer.from('a signing token of exactly 32 b.');
  const whsec = `whsec_${signing.toString('base64')}`;
  const standard = (timestamp: string, key: Uint8Array = signing) => ({
    'webhook-id': 'msg_1',
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${hmac(`msg_1.${timestamp}.${JSON.stringify(SENDERS.gitlab.merged(7))}`, key, 'base64')}`,
  });
  const seconds = (from: number) => String(Date.parse(at(from)) / 1000);
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
  const { 'webhook-signature': right } = standard(seconds(0));

  const good: [ForgeType, string, Record<string, string>, string][] = [
    ['gitea', "in Forgejo's header", { 'x-forgejo-signature': hmac(body, SECRET) }, SECRET],
    ['gitea', "in GitHub's header", { 'x-hub-signature-256': `sha256=${hmac(body, SECRET)}` }, SECRET],
    ['gitlab', 'by a signing token', standard(seconds(0)), whsec],
    ['gitlab', 'by a signing token four minutes ago', standard(seconds(-240)), whsec],
    [
      'gitlab',
      'by the second of two signatures',
      { ...standard(seconds(0)), 'webhook-signature': `v1,${'A'.repeat(43)}= ${right}` },
      whsec,
    ],
    [
      'gitlab',
      'by the secret token where a signing token signs as well',
      { ...standard(seconds(0)), 'x-gitlab-token': SECRET },
      SECRET,
    ],
    [
      'gitlab',
      'by the signing token where a secret token is sent as well',
      { ...standard(seconds(0)), 'x-gitlab-token': SECRET },
      whsec,
    ],
    ['azure-devops', 'with any name', basic(`somebody else:${SECRET}`), SECRET],
    ['azure-devops', 'without a name', basic(`:${SECRET}`), SECRET],
    ['azure-devops', 'with a colon in it', basic('turnpike:sixteen:bytes:or:more'), 'sixteen:bytes:or:more'],
    ['gitea', 'with a line end in the Secret', { 'x-gitea-signature': hmac(body, SECRET) }, `${SECRET}\n`],
  ];
  test.each(good)('of type %s may be %s', async (forge, _, headers, secret) => {
    const { deliver } = connect({ forge, secrets: { forge: { 'webhook-secret': secret } } });
    expect((await deliver(SENDERS[forge].merged(7), { headers })).status).toBe(202);
  });

  const digest = hmac(body, SECRET);
  const sha1 = { 'x-hub-signature': 'sha1=0123456789012345678901234567890123456789' };
  const bad: [ForgeType, string, Record<string, string>, string, string?][] = [
    ['github', 'is missing', {}, 'no-signature'],
    ['github', 'is by SHA-1', sha1, 'no-signature'],
    ['github', 'is without its algorithm', { 'x-hub-signature-256': digest }, 'no-signature'],
    ['github', 'is cut', { 'x-hub-signature-256': `sha256=${digest.slice(2)}` }, 'no-signature'],
    [
      'github',
      'is of another body',
      { 'x-hub-signature-256': `sha256=${hmac('{}', SECRET)}` },
      'wrong-signature',
    ],
    ['github', 'is as another forge proves', { 'x-gitlab-token': SECRET }, 'no-signature'],
    ['gitea', 'is missing', { 'x-gitea-signature': '', 'x-hub-signature-256': 'sha256=' }, 'no-signature'],
    ['gitea', 'is by SHA-1', sha1, 'no-signature'],
    ['gitea', 'is the secret itself', { 'x-gitea-signature': SECRET }, 'no-signature'],
    ['gitea', 'is wrong', { 'x-gitea-signature': hmac(body, PREVIOUS) }, 'wrong-signature'],
    ['gitlab', 'is missing', {}, 'no-signature'],
    ['gitlab', 'is empty', { 'x-gitlab-token': '' }, 'no-signature'],
    ['gitlab', 'is longer', { 'x-gitlab-token': `${SECRET}x` }, 'wrong-signature'],
    ['gitlab', 'is shorter', { 'x-gitlab-token': SECRET.slice(1) }, 'wrong-signature'],
    ['gitlab', 'is six minutes old', standard(seconds(-360)), 'stale-timestamp', whsec],
    ['gitlab', 'is six minutes ahead', standard(seconds(360)), 'stale-timestamp', whsec],
    ['gitlab', 'has no timestamp', { 'webhook-signature': right }, 'stale-timestamp', whsec],
    [
      'gitlab',
      'has another timestamp',
      { ...standard(seconds(0)), 'webhook-timestamp': seconds(1) },
      'wrong-signature',
      whsec,
    ],
    [
      'gitlab',
      'has another id',
      { ...standard(seconds(0)), 'webhook-id': 'msg_2' },
      'wrong-signature',
      whsec,
    ],
    ['gitlab', 'is by another token', standard(seconds(0), Buffer.from(PREVIOUS)), 'wrong-signature', whsec],
    [
      'gitlab',
      'is by the undecoded token',
      standard(seconds(0), Buffer.from(whsec)),
      'wrong-signature',
      whsec,
    ],
    [
      'gitlab',
      'is by a signing token of 15 bytes',
      standard(seconds(0), Buffer.from('fifteen bytes..')),
      'wrong-signature',
      `whsec_${Buffer.from('fifteen bytes..').toString('base64')}`,
    ],
    [
      'gitlab',
      'is of another version',
      { ...standard(seconds(0)), 'webhook-signature': right.replace('v1', 'v1a') },
      'no-signature',
      whsec,
    ],
    ['bitbucket-server', 'is missing', {}, 'no-signature'],
    ['bitbucket-server', 'is by SHA-1', sha1, 'no-signature'],
    ['bitbucket-server', 'is wrong', { 'x-hub-signature': `sha256=${digest}` }, 'wrong-signature'],
    ['azure-devops', 'is missing', {}, 'no-signature'],
    ['azure-devops', 'is a bearer token', { authorization: `Bearer ${SECRET}` }, 'no-signature'],
    ['azure-devops', 'has no password', basic('turnpike:'), 'no-signature'],
    ['azure-devops', 'has no colon', basic(SECRET), 'no-signature'],
    ['azure-devops', 'is no base64', { authorization: `Basic ${SECRET}` }, 'no-signature'],
    ['azure-devops', 'is the name', basic(`${SECRET}:turnpike`), 'wrong-signature'],
  ];
  test.each(bad)(
    'of type %s that %s is refused with 401',
    async (forge, _, headers, reason, secret = SECRET) => {
      const { deliver, outcomes, lines, store } = connect({
        forge,
        secrets: { forge: { 'webhook-secret': secret } },
      });
      const response = await deliver(SENDERS[forge].merged(7), { headers });
      expect(response.status).toBe(401);
      expect(outcomes).toEqual([reason]);
      expect(lines.join()).toContain(reason);
      expect(lines.join()).not.toContain(secret);
      expect(store.writes()).toBe(0);
    },
  );
});
