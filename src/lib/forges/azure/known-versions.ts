import { putBounded } from '../../async/index.ts';

/**
 * Versions of the REST API, the first one that a server has is taken. Services and Server 2022 have 7.0, Server 2020
 * has 6.0; nothing that is used is new or different in 7.1:
 * https://learn.microsoft.com/en-us/azure/devops/integrate/concepts/rest-api-versioning
 */
export const VERSIONS = ['7.0', '6.0'] as const;
type Version = (typeof VERSIONS)[number];

/** The version of each server, found out once. */
export interface ApiVersions {
  of(origin: string): Version;
  /** The next one is taken from now on, unless that was decided already. */
  refused(origin: string, version: Version): void;
}

/** Servers that lack the first version; one that is forgotten costs one more request. */
const MAX_KNOWN = 500;

export function createApiVersions(): ApiVersions {
  const known = new Map<string, Version>();
  const of = (origin: string) => known.get(origin) ?? VERSIONS[0];
  return {
    of,
    refused(origin, version) {
      if (of(origin) !== version) return;
      // The first version follows the last one: a server may have been replaced by a newer one.
      const next = VERSIONS[VERSIONS.indexOf(version) + 1] ?? VERSIONS[0];
      putBounded(known, origin, next, MAX_KNOWN);
    },
  };
}
