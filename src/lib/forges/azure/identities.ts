import * as v from 'valibot';
import { TurnpikeError } from '../../errors.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import type { ForgeAnswer } from '../request/types.ts';
import { type Api, withQuery } from './api.ts';

const Found = v.object({ value: v.array(v.object({ id: v.string() })) });
const Connection = v.object({ authenticatedUser: v.object({ id: v.string() }) });

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The cloud keeps users at a host of their own; a server, beside the rest. */
export function identitiesUrl(origin: string, organization: string): string {
  const { hostname } = new URL(origin);
  const old = /^([a-z0-9-]+)\.visualstudio\.com$/i.exec(hostname)?.[1];
  if (old !== undefined) return `https://${old}.vssps.visualstudio.com/_apis/identities`;
  const base = hostname === 'dev.azure.com' ? 'https://vssps.dev.azure.com' : origin;
  return `${base}${organization}/_apis/identities`;
}

export function isIdentity(name: string): boolean {
  return ID.test(name);
}

/**
 * The id of the user with this unique name or address; undefined for none and for many.
 * https://learn.microsoft.com/en-us/rest/api/azure/devops/ims/identities/read-identities
 */
export async function identityOf(api: Api, name: string): Promise<string | undefined> {
  const url = withQuery(api.identitiesUrl, { searchFilter: 'General', filterValue: name });
  const isRefused = ({ status }: ForgeAnswer) => status === 401 || status === 403;
  const answer = await api.call('metadata', () => api.send({ method: 'GET', url }), isRefused);
  if (isRefused(answer)) {
    const sentence = `${api.context.name} at ${api.context.host} does not show the user ${name} to this token (${answer.status}): give the token the right to read identities, or name reviewers by their ids.`;
    throw new TurnpikeError('ForgeUnauthorized', sentence);
  }
  const { value } = parsedAnswer(Found, 'metadata', answer.data, api.context);
  return value.length === 1 ? value[0]?.id : undefined;
}

/** The id of the token's owner. */
export async function ownIdentity(api: Api): Promise<string> {
  const url = `${api.organizationUrl}/_apis/connectionData`;
  const { data } = await api.call('merge', () => api.send({ method: 'GET', url, preview: 'always' }));
  return parsedAnswer(Connection, 'merge', data, api.context).authenticatedUser.id;
}
