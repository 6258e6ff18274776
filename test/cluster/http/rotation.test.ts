import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { X509Certificate } from 'node:crypto';
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rotateUnderLoad, serialNumber } from '../../../bench/rotation.ts';
import { buildTurnpike } from '../../../scripts/build.ts';
import type { CertificatePair } from '../../../src/lib/kube/certificates/certificate.ts';
import { generateAuthority, generateLeaf } from '../../../src/lib/kube/certificates/generate.ts';
import { type Lab, startLab } from '../../lab/lab.ts';
import { freePort } from '../../lab/ports.ts';
import { installTurnpike, serveTurnpike } from '../../lab/turnpike.ts';
import { waitUntil } from '../../lab/wait.ts';

/** `dist/turnpike`, called by an API server of its own. */

const MINUTE = 60_000;

let lab: Lab;
let admissionPort: number;

beforeAll(async () => {
  // Once for both.
  await buildTurnpike();
  lab = await startLab();
  admissionPort = await freePort();
  await installTurnpike(lab, admissionPort);
}, MINUTE);

afterAll(() => lab?.stop(), MINUTE);

describe('the certificate of the admission webhook', () => {
  test.concurrent(
    'changes three times, one time with its authority, without one failed admission',
    async () => {
      const turnpike = await serveTurnpike(lab, admissionPort);
      const { admissions, served, errors } = await rotateUnderLoad(lab, turnpike, 0.5);
      await turnpike.stop();
      expect(errors).toEqual([]);
      expect(new Set(served).size).toBe(4);
      expect(admissions).toBeGreaterThan(200);
    },
    5 * MINUTE,
  );

  test.concurrent(
    'is read again from mounted files that change, half-changed ones left aside',
    async () => {
      const directory = join(lab.directory, 'mounted');
      const authority = await generateAuthority(new Date());
      const [first, second] = [await newLeaf(authority), await newLeaf(authority)];
      await mount(directory, first);
      const port = await freePort();
      const flags = { 'admission-cert-dir': directory };
      const turnpike = await serveTurnpike(lab, port, { name: 'mounted', flags });
      const isServed = async ({ cert }: CertificatePair) =>
        (await serialNumber(port)) === new X509Certificate(cert).serialNumber;
      expect(await isServed(first)).toBe(true);

      await mount(directory, { cert: second.cert, key: first.key });
      const error = `tls.crt and tls.key in ${directory} are not a certificate and its private key.`;
      const isSaid = async () => (await turnpike.log()).some((line) => line.error === error);
      await waitUntil('the complaint', isSaid, { seconds: 30 });
      expect(await isServed(first)).toBe(true);
      await mount(directory, second);
      await waitUntil('the new certificate', () => isServed(second), { seconds: 30 });
      await turnpike.stop();
    },
    3 * MINUTE,
  );
});

function newLeaf(authority: CertificatePair): Promise<CertificatePair> {
  return generateLeaf(authority, { dns: ['localhost'], ip: ['127.0.0.1'] }, new Date());
}

/** As kubelet does it: files are links by way of `..data`, which comes to link to another directory. */
async function mount(directory: string, { cert, key }: CertificatePair): Promise<void> {
  const version = `..${crypto.randomUUID()}`;
  await mkdir(join(directory, version), { recursive: true });
  await writeFile(join(directory, version, 'tls.crt'), cert);
  await writeFile(join(directory, version, 'tls.key'), key);
  await symlink(version, join(directory, '..data_tmp'));
  await rename(join(directory, '..data_tmp'), join(directory, '..data'));
  for (const file of ['tls.crt', 'tls.key']) {
    await symlink(join('..data', file), join(directory, file)).catch(() => undefined);
  }
}
