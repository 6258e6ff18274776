import type { PullRequestRepository, PullRequestStrategy } from '../../api/pipeline.ts';
import { defined } from '../../lib/defined.ts';

type Reached = Pick<PullRequestStrategy, 'url' | 'type' | 'secretRef' | 'certSecretRef' | 'proxySecretRef'>;

/** Records how a pull request is reached, as the spec may name another repository and other Secrets later. */
export function recordOf(settings: Reached): PullRequestRepository {
  const { url, type, secretRef, certSecretRef, proxySecretRef } = settings;
  return {
    url,
    secret: secretRef.name,
    ...defined({ type, certSecret: certSecretRef?.name, proxySecret: proxySecretRef?.name }),
  };
}

/** The same settings in the form of the spec. */
export function reachedBy({ url, type, secret, certSecret, proxySecret }: PullRequestRepository): Reached {
  return {
    url,
    secretRef: { name: secret },
    ...defined({ type, certSecretRef: named(certSecret), proxySecretRef: named(proxySecret) }),
  };
}

function named(name: string | undefined): { readonly name: string } | undefined {
  return name === undefined ? undefined : { name };
}
