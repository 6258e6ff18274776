import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateAuthority, generateLeaf } from '../../../src/lib/kube/certificates/generate.ts';
import { type Lab, startLab } from '../../lab/lab.ts';
import { startTurnpike, type Turnpike } from '../../lab/turnpike.ts';
import { waitFor } from '../../lab/wait.ts';

/** `dist/turnpike` with its promotion webhook by TLS, behind a proxy that it knows. */

const MINUTE = 60_000;

let lab: Lab;
let turnpike: Turnpike;
let authority: string;

beforeAll(async () => {
  lab = await startLab({ definitions: true });
  const folder = join(lab.directory, 'hook');
  const made = await generateAuthority(new Date());
  const leaf = await generateLeaf(made, { dns: ['localhost'], ip: ['127.0.0.1'] }, new Date());
  authority = made.cert;
  await mkdir(folder);
  await writeFile(join(folder, 'tls.crt'), leaf.cert);
  await writeFile(join(folder, 'tls.key'), leaf.key);
  const flags = { 'promotion-hook-cert-dir': folder, 'trusted-proxies': '127.0.0.0/8' };
  turnpike = await startTurnpike(lab, { flags });
}, 5 * MINUTE);

afterAll(() => lab?.stop());

describe('the promotion webhook by TLS', () => {
  test(
    'tells callers behind its proxy apart, and answers no plain http',
    async () => {
      const url = `${turnpike.hook}/promotion/apps/nobody/dev`;
      const headers = { 'x-signature': `sha256=${'0'.repeat(64)}`, 'x-forwarded-for': '192.0.2.7' };
      const init = { method: 'POST', body: '{}', headers };
      const answer = await fetch(url.replace('http:', 'https:'), { ...init, tls: { ca: authority } });
      expect(answer.status).toBe(401);
      const refused = await waitFor('the line of the log', async () => {
        const lines = await turnpike.log();
        const line = lines.find(({ msg }) => msg === 'request refused');
        return line ? { done: line } : { saw: lines.length };
      });
      expect(refused).toMatchObject({ reason: 'unknown-pipeline', source: '192.0.2.7' });
      await expect(fetch(url, init)).rejects.toThrow();
      const metrics = await (await fetch(`${turnpike.metrics}/metrics`)).text();
      expect(metrics).toMatch(/turnpike_certificate_expiry_timestamp_seconds\{certificate="hook"\} \d/);
    },
    MINUTE,
  );
});
