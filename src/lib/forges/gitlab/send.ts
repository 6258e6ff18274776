import { Commits, MergeRequestNotes, MergeRequests, Projects, Users } from '@gitbeaker/rest';
import type { Credentials } from '../credentials/credentials.ts';
import type { ForgeDeps } from '../deps.ts';
import { createSendJson, type JsonRequest } from '../request/send-json.ts';
import type { ForgeAnswer } from '../request/types.ts';

type Requester = InstanceType<typeof MergeRequests>['requester'];

interface Resources {
  readonly requests: InstanceType<typeof MergeRequests>;
  readonly notes: InstanceType<typeof MergeRequestNotes>;
  readonly commits: InstanceType<typeof Commits>;
  readonly projects: InstanceType<typeof Projects>;
  readonly users: InstanceType<typeof Users>;
}

/** One question, by the library's own method. */
export type Question = (resources: Resources) => Promise<unknown>;
export type SendQuestion = (question: Question) => Promise<ForgeAnswer>;

/**
 * The library spells the request, and what leaves goes through our own door: its own requester tries ten
 * times at once, follows redirects with the token, and takes no certificate authority. A token goes as
 * Bearer, which serves personal, group and project tokens and those of OAuth.
 */
export function createSend(origin: string, credentials: Credentials, deps: ForgeDeps): SendQuestion {
  const send = createSendJson(`Bearer ${credentials.token}`, credentials, deps);
  return async (question) => {
    let answer: ForgeAnswer | undefined;
    const ask: Ask = async (method, address, { searchParams, body } = {}) => {
      const query = new URLSearchParams(snakeCased(searchParams) as Record<string, string>).toString();
      const url = `${address}${query && `?${query}`}`;
      answer = await send({ method, url, ...(body && { body: snakeCased(body) }) });
      return { status: answer.status, headers: {}, body: answer.data as never };
    };
    const requesterFn = ({ url }: { readonly url: string }) => requesterAt(url.replace(/\/$/, ''), ask);
    const options = { host: origin, oauthToken: credentials.token, requesterFn };
    await question({
      requests: new MergeRequests(options),
      notes: new MergeRequestNotes(options),
      commits: new Commits(options),
      projects: new Projects(options),
      users: new Users(options),
    });
    if (!answer) throw new Error('The GitLab library sent no request.');
    return answer;
  };
}

type Ask = (
  method: JsonRequest['method'],
  address: string,
  asked?: Asked,
) => Promise<{ status: number; headers: Record<string, string>; body: never }>;

/** `root`: what stands before all addresses of one of the library's resources. */
function requesterAt(root: string, ask: Ask): Requester {
  return {
    get: (endpoint, options) => ask('GET', `${root}/${endpoint}`, options),
    post: (endpoint, options) => ask('POST', `${root}/${endpoint}`, options),
    put: (endpoint, options) => ask('PUT', `${root}/${endpoint}`, options),
    patch: (endpoint, options) => ask('PATCH', `${root}/${endpoint}`, options),
    delete: () => Promise.reject(new Error('Nothing is deleted.')),
  };
}

interface Asked {
  readonly searchParams?: object;
  readonly body?: object;
}

/** GitLab's parameters are in snake case, the library's in camel case. */
function snakeCased(parameters: object = {}): object {
  const entries = Object.entries(parameters).filter(([, value]) => value !== undefined);
  const snake = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(entries.map(([key, value]) => [snake(key), value]));
}
