import {
  createAccess,
  createDiscovery,
  createSubjectAccess,
  type Discovery,
  type KubeClient,
  type SubjectAccess,
} from '../../lib/kube/index.ts';
import type { ClusterHosts } from '../../lib/net/index.ts';
import { createApplicationDiscovery } from '../../observe/applications/application-discovery.ts';
import type { PipelinesByApplication } from '../../observe/pipelines-by-application.ts';
import { createAuthorAccess } from '../../observe/references/author-access.ts';
import { createReferenceLookup } from '../../observe/references/lookups.ts';
import { createSecretCache } from '../../observe/secrets/secret-cache.ts';
import { RULED } from '../../observe/secrets/secret-keys.ts';
import { createSecrets } from '../../observe/secrets/secrets.ts';

/** The lookup of the objects that Pipelines name, once for the reconciler and once for admission. */

export interface LookupParts {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly byApplication: PipelinesByApplication;
  readonly hosts: ClusterHosts;
  readonly now: () => Date;
}

/** For the reconciler, which reports what it finds in the Pipeline's status. */
export function composeReferenceLookup(parts: LookupParts) {
  return compose(parts);
}

/**
 * For admission, which warns each user of what that user may see. It has a discovery of its own: kinds that callers
 * invent displace none that the reconciler knows.
 */
export function composeReviewLookup(parts: Omit<LookupParts, 'discovery'>) {
  const { client, now } = parts;
  const discovery = createApplicationDiscovery(createDiscovery(client, { now }));
  return compose({ ...parts, discovery }, createSubjectAccess(client, { now }));
}

function compose({ client, discovery, byApplication, hosts, now }: LookupParts, subjects?: SubjectAccess) {
  const secrets = createSecrets(client);
  return createReferenceLookup({
    client,
    secrets,
    // So short that nobody sees an old Secret, and yet a flood of reviews asks for each one but rarely.
    secretCache: createSecretCache(secrets, {
      keep: RULED,
      ttlSeconds: 0.1,
      staleSeconds: 0.5,
      minRefreshSeconds: 0,
      keepSeconds: 1,
      now,
    }),
    access: createAccess(client, { discovery, now }),
    authors: createAuthorAccess(client, { discovery, now }),
    byApplication,
    hosts,
    now,
    ...(subjects && { subjects }),
  });
}
