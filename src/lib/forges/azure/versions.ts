import { TurnpikeError } from '../../errors.ts';
import { keyBy, type Way } from '../../net/index.ts';
import type { ForgeAnswer, ForgeCall, ForgeContext } from '../request/call.ts';
import type { JsonRequest, SendJson } from '../shared.ts';

/**
 * Versions of the REST API, the first one that a server has is taken. Services and Server 2022 have 7.0, Server 2020 has
 * 6.0; nothing that is used is new or different in 7.1:
 * https://learn.microsoft.com/en-us/azure/devops/integrate/concepts/rest-api-versioning
 */
const VERSIONS = ['7.0', '6.0'] as const;
type Version = (typeof VERSIONS)[number];

/** Which version each server has, found out once. */
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
      known.delete(origin);
      // After the last one comes the first: a server may have been replaced by a newer one.
      known.set(origin, VERSIONS[VERSIONS.indexOf(version) + 1] ?? VERSIONS[0]);
      const oldest = known.size > MAX_KNOWN ? known.keys().next().value : undefined;
      if (oldest !== undefined) known.delete(oldest);
    },
  };
}

/** The same, apart from what is said on other ways. */
export function versionsBy(way: Way, { of, refused }: ApiVersions): ApiVersions {
  return {
    of: (origin) => of(keyBy(way, origin)),
    refused: (origin, version) => refused(keyBy(way, origin), version),
  };
}

export interface AzureRequest extends JsonRequest {
  /** The operation is a preview, and is refused unless it is called so; `6.0`: up to that version. */
  readonly preview?: 'always' | '6.0';
}

export type SendAzure = (request: AzureRequest) => Promise<ForgeAnswer>;

export function withVersions(send: SendJson, versions: ApiVersions): SendAzure {
  return async ({ preview, ...request }) => {
    const { origin } = new URL(request.url);
    const version = versions.of(origin);
    const isPreview = preview === 'always' || preview === version;
    const parameter = `api-version=${version}${isPreview ? '-preview.1' : ''}`;
    const url = `${request.url}${request.url.includes('?') ? '&' : '?'}${parameter}`;
    const answer = await send({ ...request, url });
    if (isOutOfRange(answer)) versions.refused(origin, version);
    return answer;
  };
}

/** Asks once more with the next version: the server has done nothing. */
export function callWithVersions(call: ForgeCall, { name, host }: ForgeContext): ForgeCall {
  return async (operation, ask, accepts = () => false) => {
    for (let tried = 0; tried < VERSIONS.length; tried++) {
      const answer = await call(operation, ask, (one) => isOutOfRange(one) || accepts(one));
      if (!isOutOfRange(answer)) return answer;
    }
    const sentence = `${name} at ${host} has none of the versions ${VERSIONS.join(', ')} of the REST API: Turnpike needs Azure DevOps Server 2020 or a later one.`;
    throw new TurnpikeError('ForgeRefused', sentence, { retry: 'never' });
  };
}

/** `The requested REST API version of 7.0 is out of range for this server.` */
function isOutOfRange({ status, data }: ForgeAnswer): boolean {
  return status === 400 && /VssVersionOutOfRangeException/.test(JSON.stringify(data) ?? '');
}
