import { errorMessage } from '../api/errors.ts';
import { createAdmission, REVIEWS } from '../http/admission.ts';
import { createIntake } from '../http/intake.ts';
import { type Server, startServer } from '../http/server.ts';
import type { Certificate } from '../http/tls.ts';
import { authorityFile } from '../kube/authority-file.ts';
import { fileCertificates } from '../kube/certificate-files.ts';
import { createCertificateManager } from '../kube/certificates.ts';
import { observeCertificate } from './measure.ts';
import type { Parts } from './program.ts';

export interface Admission {
  /** What is not ready, a sentence each. */
  problems(): readonly string[];
  stop(deadlineSeconds: number): Promise<void>;
}

const OFF: Admission = { problems: () => [], stop: async () => {} };
const RETRY_SECONDS = 2;

/** Starts the admission webhook as soon as there is a certificate, and changes it under way. */
export function startAdmission(parts: Parts): Admission {
  const { config, log, metrics } = parts;
  const address = config['admission-bind-address'];
  if (!address) return OFF;
  const app = createAdmission(admissionDeps(parts));
  const ended = new AbortController();
  let server: Server | undefined;
  let served: Certificate | undefined;
  let problem = 'The admission webhook has no certificate yet.';

  /** What changes of it; the rest stays as it is. */
  async function use(change: Certificate): Promise<void> {
    const certificate = { ...served, ...change };
    if (server) server.setCertificate(certificate);
    else server = startServer({ name: 'admission', address, fetch: app.fetch, certificate, log });
    served = certificate;
    observeCertificate(metrics, 'admission', certificate);
  }

  async function trust(clientCa: readonly string[]): Promise<void> {
    if (served) await use({ ...served, clientCa });
  }

  async function run(): Promise<void> {
    const certificates = certificatesOf(parts);
    const callers = callersOf(parts);
    while (!ended.signal.aborted) {
      try {
        const clientCa = await callers?.ensure();
        await use({ ...(await certificates.ensure()), ...(clientCa && { clientCa }) });
        await Promise.all([certificates.run(use, ended.signal), callers?.run(trust, ended.signal)]);
      } catch (error) {
        problem = `The admission webhook is not there: ${errorMessage(error)}`;
        log.warn({ error: errorMessage(error) }, 'admission webhook not started; it is tried again');
        await Bun.sleep(RETRY_SECONDS * 1000);
      }
    }
  }

  const running = run();
  return {
    problems: () => (server ? [] : [problem]),
    async stop(deadlineSeconds) {
      ended.abort();
      await server?.stop(deadlineSeconds);
      await Promise.race([running, Bun.sleep(deadlineSeconds * 1000)]);
    },
  };
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
  if (directory) return fileCertificates(directory, { log });
  return createCertificateManager({
    client,
    secret: { namespace: client.config.namespace, name: config['admission-secret'] },
    webhookConfiguration: config['admission-webhook-configuration'],
    now,
    log,
  });
}
