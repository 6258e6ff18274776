import { TurnpikeError } from '../../errors.ts';
import { type ConnectionSettings, keyBy } from '../../net/index.ts';
import type { JsonRequest, SendJson } from '../request/send-json.ts';
import type { ForgeAnswer, ForgeCall, ForgeContext } from '../request/types.ts';
import { type ApiVersions, VERSIONS } from './known-versions.ts';

/** The same versions, but with those found out through each proxy kept apart. */
export function versionsBy(settings: ConnectionSettings, { of, refused }: ApiVersions): ApiVersions {
  return {
    of: (origin) => of(keyBy(settings, origin)),
    refused: (origin, version) => refused(keyBy(settings, origin), version),
  };
}

export interface AzureRequest extends JsonRequest {
  /** The operation is a preview, and is refused unless its version says so; `6.0`: up to that version. */
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
    throw new TurnpikeError('ForgeRefused', sentence);
  };
}

/** `The requested REST API version of 7.0 is out of range for this server.` */
function isOutOfRange({ status, data }: ForgeAnswer): boolean {
  return status === 400 && /VssVersionOutOfRangeException/.test(JSON.stringify(data) ?? '');
}
