import { wait } from '../../async/index.ts';
import { errorMessage, TurnpikeError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { KubeClient } from '../client/transport.ts';
import { type CertificatePair, readCertificate } from './certificate.ts';
import { type CertificateState, renewedState, trustedBundle } from './renew.ts';
import { createCertificateSecret } from './secret.ts';
import { createWebhookConfigurations } from './webhook-configuration.ts';
import { watchWebhookConfiguration } from './webhook-configuration-watch.ts';

/** The source of the admission server's certificate. */
export interface Certificates {
  /** The pair to serve now. */
  ensure(): Promise<CertificatePair>;
  /**
   * Looks after the certificate until the signal fires. `onChange` gets each pair that is to be served
   * from now on, except the one that `ensure` gave; when it fails it is called again at the next look.
   */
  run(onChange: (pair: CertificatePair) => Promise<void>, signal: AbortSignal): Promise<void>;
}

export interface CertificateTimings {
  /** Between two looks in the first minutes, when somebody may still be installing, in milliseconds. */
  readonly earlyCheckMs: number;
  readonly earlyMs: number;
  readonly checkMs: number;
  /** Between a look and the next one, however often the configuration changes: somebody may fight for it. */
  readonly paceMs: number;
  /** How long the API server gets to learn of a new authority before we serve what it signed. */
  readonly settleMs: number;
}

const TIMINGS: CertificateTimings = {
  earlyCheckMs: 3000,
  earlyMs: 300_000,
  checkMs: 60_000,
  paceMs: 1000,
  settleMs: 5000,
};

export interface CertificateManagerDeps {
  readonly client: KubeClient;
  /** The Secret that the replicas share. */
  readonly secret: { readonly namespace: string; readonly name: string };
  /** Name of the ValidatingWebhookConfiguration. */
  readonly webhookConfiguration: string;
  readonly now: () => Date;
  readonly log: Logger;
  readonly timings?: Partial<CertificateTimings>;
}

/** Replicas that meet at the Secret or the configuration: one of them gets through each time. */
const MAX_CONFLICTS = 10;

/**
 * Certificates without a certificate manager: made here, shared in a Secret, renewed at two thirds of
 * their life, and their authority put into the webhook configuration. During a change of authority both
 * are trusted, and nothing is served before the API server had time to learn of it. The configuration is
 * watched: an apply without the authority has Pipelines refused for no longer than a look takes.
 */
export function createCertificateManager(deps: CertificateManagerDeps): Certificates {
  const { client, log } = deps;
  const timings = { ...TIMINGS, ...deps.timings };
  const check = createCertificateCheck(deps);
  let served: CertificateState | undefined;

  async function ensure(): Promise<CertificatePair> {
    served = await check();
    return served.leaf;
  }

  async function look(
    onChange: (pair: CertificatePair) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const state = await check();
    if (state.leaf.cert === served?.leaf.cert) return;
    // Only while what is served now stays trusted: an old authority that was removed is to be gone.
    const changed = served && served.authority.cert !== state.authority.cert;
    if (changed && state.previousAuthority) await wait(timings.settleMs, signal);
    if (signal.aborted) return;
    await onChange(state.leaf);
    served = state;
  }

  async function run(onChange: (pair: CertificatePair) => Promise<void>, signal: AbortSignal): Promise<void> {
    const started = performance.now();
    let changed = new AbortController();
    const watching = watchWebhookConfiguration(client, {
      name: deps.webhookConfiguration,
      onChange: () => changed.abort(),
      log,
      signal,
    });
    while (!signal.aborted) {
      changed = new AbortController();
      try {
        await look(onChange, signal);
      } catch (error) {
        log.warn({ error: errorMessage(error) }, 'admission certificate not checked');
      }
      const early = performance.now() - started < timings.earlyMs;
      await wait(timings.paceMs, signal);
      const due = early ? timings.earlyCheckMs : timings.checkMs;
      await wait(due, AbortSignal.any([signal, changed.signal]));
    }
    await watching;
  }

  return { ensure, run };
}

/** Looks at the Secret and the configuration, and renews what is due; gives what is to be served. */
function createCertificateCheck(deps: CertificateManagerDeps): () => Promise<CertificateState> {
  const { client, now, log } = deps;
  const secret = createCertificateSecret(client, deps.secret);
  const webhooks = createWebhookConfigurations(client, deps.webhookConfiguration);

  /**
   * The configuration is read before the Secret, and changed only if it is still the same: a replica that sees
   * the bundle of a newer Secret sees that Secret too, and takes nothing out of the bundle by mistake.
   */
  async function check(): Promise<CertificateState> {
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
      const configuration = await webhooks.read();
      const stored = await secret.read();
      const state = await renewedState(stored.state, configuration.names, now());
      if (state.leaf.cert !== stored.state.leaf?.cert) {
        if (!(await secret.write(state, stored))) continue;
        logRenewal(state, log);
      }
      if (await webhooks.inject(configuration, trustedBundle(state))) return state;
    }
    throw new TurnpikeError('ApiConflict', 'Other replicas keep changing the certificates: trying again.');
  }

  return check;
}

function logRenewal({ authority, leaf }: CertificateState, log: Logger): void {
  const until = (cert: string) => readCertificate(cert)?.validTo;
  log.info(
    { certificateUntil: until(leaf.cert), authorityUntil: until(authority.cert) },
    'admission certificate made',
  );
}
