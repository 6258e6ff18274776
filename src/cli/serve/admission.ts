import { createAdmission, REVIEWS } from '../../http/admission.ts';
import { createIntake } from '../../http/server/intake.ts';
import { startServer } from '../../http/server/server.ts';
import { authorityFile, createCertificateManager, fileCertificates } from '../../lib/kube/index.ts';
import { type CertifiedServer, startCertified } from './certified.ts';
import { observeCertificate } from './measure.ts';
import type { Parts } from './program.ts';

const OFF: CertifiedServer = { problems: () => [], stop: async () => {} };

/** Starts the admission webhook. */
export function startAdmission(parts: Parts): CertifiedServer {
  const { config, log, metrics } = parts;
  const address = config['admission-bind-address'];
  if (!address) return OFF;
  const { fetch } = createAdmission(admissionDeps(parts));
  return startCertified({
    what: 'admission webhook',
    certificates: () => certificatesOf(parts),
    callers: () => callersOf(parts),
    start: (certificate) => startServer({ name: 'admission', address, fetch, certificate, log }),
    onCertificate: (certificate) => observeCertificate(metrics, 'admission', certificate),
    log,
  });
}

function admissionDeps({ policy, reviewFacts, metrics, log }: Parts) {
  return {
    policy,
    gather: reviewFacts,
    intake: createIntake(REVIEWS),
    log,
    onReview(allowed: boolean, seconds: number) {
      metrics.admissionRequests.inc({ allowed: String(allowed) });
      metrics.admissionSeconds.observe(seconds);
    },
  };
}

/** Whom callers need a certificate of; undefined: they need none. */
function callersOf({ config, log }: Parts) {
  const file = config['admission-client-ca'];
  return file ? authorityFile(file, { log }) : undefined;
}

function certificatesOf({ config, client, log, now }: Parts) {
  const directory = config['admission-cert-dir'];
  if (directory) return fileCertificates(directory, { name: 'admission', log });
  return createCertificateManager({
    client,
    secret: { namespace: client.config.namespace, name: config['admission-secret'] },
    webhookConfiguration: config['admission-webhook-configuration'],
    now,
    log,
  });
}
