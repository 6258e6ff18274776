import type { PullRequestRepository, PullRequestStrategy } from '../../api/pipeline.ts';

type Reached = Pick<PullRequestStrategy, 'url' | 'type' | 'secretRef' | 'certSecretRef' | 'proxySecretRef'>;

/** Records how a pull request is reached, as the spec may name another repository and other Secrets later. */
export function recordOf(settings: Reached): PullRequestRepository {
  const { url, type, secretRef, certSecretRef, proxySecretRef } = settings;
  return {
    url,
    ...(type && { type }),
    secret: secretRef.name,
    ...(certSecretRef && { certSecret: certSecretRef.name }),
    ...(proxySecretRef && { proxySecret: proxySecretRef.name }),
  };
}

/** The same settings in the form of the spec. */
export function reachedBy({ url, type, secret, certSecret, proxySecret }: PullRequestRepository): Reached {
  return {
    url,
    ...(type && { type }),
    secretRef: { name: secret },
    ...(certSecret !== undefined && { certSecretRef: { name: certSecret } }),
    ...(proxySecret !== undefined && { proxySecretRef: { name: proxySecret } }),
  };
}
