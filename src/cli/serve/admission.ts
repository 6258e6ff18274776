import type { SpecPolicy } from '../../decide/validation.ts';
import { createAdmission, REVIEWS } from '../../http/admission.ts';
import { createIntake } from '../../http/server/intake.ts';
import { startServer } from '../../http/server/server.ts';
import {
  authorityFile,
  createCertificateManager,
  fileCertificates,
  type KubeClient,
} from '../../lib/kube/index.ts';
import type { LookUpReferences } from '../../observe/references/lookups.ts';
import { type CertifiedServer, startCertified } from './certified.ts';
import type { Context } from './context.ts';
import { observeCertificate } from './measure.ts';

const OFF: CertifiedServer = { problems: () => [], stop: async () => {} };

export interface AdmissionDeps {
  readonly client: KubeClient;
  readonly policy: SpecPolicy;
  readonly gather: LookUpReferences;
}

/** Starts the admission webhook. */
export function startAdmission(context: Context, deps: AdmissionDeps): CertifiedServer {
  const { config, log, metrics } = context;
  const address = config['admission-bind-address'];
  if (!address) return OFF;
  const { fetch } = createAdmission(admissionDeps(context, deps));
  return startCertified({
    what: 'admission webhook',
    certificates: () => certificatesOf(context, deps.client),
    callers: () => callersOf(context),
    start: (certificate) => startServer({ name: 'admission', address, fetch, certificate, log }),
    onCertificate: (certificate) => observeCertificate(metrics, 'admission', certificate),
    log,
  });
}

function admissionDeps({ metrics, log }: Context, { policy, gather }: AdmissionDeps) {
  return {
    policy,
    gather,
    intake: createIntake(REVIEWS),
    log,
    onReview(allowed: boolean, seconds: number) {
      metrics.admissionRequests.inc({ allowed: String(allowed) });
      metrics.admissionSeconds.observe(seconds);
    },
  };
}

/** The authorities that callers need a certificate of; undefined: they need none. */
function callersOf({ config, log }: Context) {
  const file = config['admission-client-ca'];
  return file ? authorityFile(file, { log }) : undefined;
}

function certificatesOf({ config, log, now }: Context, client: KubeClient) {
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
