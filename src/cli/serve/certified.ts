import type { Server } from '../../http/server/server.ts';
import type { Certificate } from '../../http/server/tls.ts';
import { errorMessage } from '../../lib/errors.ts';
import type { Authorities, Certificates } from '../../lib/kube/index.ts';
import type { Logger } from '../../lib/logger.ts';

/** A listener whose certificate may come later than the program, and changes under way. */
export interface CertifiedServer {
  /** Names what is not ready, a sentence each. */
  problems(): readonly string[];
  stop(deadlineSeconds: number): Promise<void>;
}

export interface CertifiedOptions {
  /** For sentences: `admission webhook`. */
  readonly what: string;
  readonly certificates: () => Certificates;
  /** Whom callers need a certificate of; without, they need none. */
  readonly callers?: () => Authorities | undefined;
  readonly start: (certificate: Certificate) => Server;
  /** Called with each certificate that is served from now on. */
  readonly onCertificate: (certificate: Certificate) => void;
  readonly log: Logger;
}

const RETRY_SECONDS = 2;

/** Starts a listener as soon as there is a certificate. */
export function startCertified(options: CertifiedOptions): CertifiedServer {
  const { what, start, onCertificate, log } = options;
  const ended = new AbortController();
  let server: Server | undefined;
  let served: Certificate | undefined;
  let problem = `The ${what} has no certificate yet.`;

  /** Serves with the parts of the certificate that changed; the rest stays as it is. */
  async function use(change: Certificate): Promise<void> {
    const certificate = { ...served, ...change };
    if (server) server.setCertificate(certificate);
    else server = start(certificate);
    served = certificate;
    onCertificate(certificate);
  }

  async function trust(clientCa: readonly string[]): Promise<void> {
    if (served) await use({ ...served, clientCa });
  }

  async function run(): Promise<void> {
    const certificates = options.certificates();
    const callers = options.callers?.();
    while (!ended.signal.aborted) {
      try {
        const clientCa = await callers?.ensure();
        await use({ ...(await certificates.ensure()), ...(clientCa && { clientCa }) });
        await Promise.all([certificates.run(use, ended.signal), callers?.run(trust, ended.signal)]);
      } catch (error) {
        problem = `The ${what} is not there: ${errorMessage(error)}`;
        log.warn({ error: errorMessage(error) }, `${what} not started, retrying`);
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
