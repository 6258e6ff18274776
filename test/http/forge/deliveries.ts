import { createHmac } from 'node:crypto';
import type { ForgeType } from '../../../src/lib/forges/types.ts';

/** What the forges send to their webhooks, after their published examples, cut to what tells events apart. */
export interface Sender {
  /** What it sends when pull request `number` was merged. */
  merged(number: number): object;
  /** What it sends of pull request 7 that is to be looked at, by what happened. */
  readonly reported: Readonly<Record<string, object>>;
  /** What it sends that is not. */
  readonly ignored: Readonly<Record<string, object>>;
  /** The headers that prove it knows the secret. */
  prove(body: string | Uint8Array, secret: string): Record<string, string>;
}

export const SECRET = 'a webhook secret of more than 32 bytes, really';
export const PREVIOUS = 'the webhook secret before that, long enough';

export function hmac(
  body: string | Uint8Array,
  key: string | Uint8Array,
  encoding: 'hex' | 'base64' = 'hex',
): string {
  return createHmac('sha256', key).update(body).digest(encoding);
}

/** https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request */
function gitHub(action: string, number = 7, more: object = {}) {
  const repository = { id: 1, full_name: 'acme/fleet' };
  return { action, number, pull_request: { number, state: 'closed', merged: true }, repository, ...more };
}

const github: Sender = {
  merged: (number) => gitHub('closed', number),
  reported: { closed: gitHub('closed'), reopened: gitHub('reopened') },
  ignored: {
    ping: { zen: 'Keep it logically awesome.', hook_id: 1, hook: { type: 'Repository' } },
    push: { ref: 'refs/heads/main', before: 'a', after: 'b', commits: [] },
    'an opened one': gitHub('opened'),
    'a push to it': gitHub('synchronize', 7, { before: 'a', after: 'b' }),
    'a label': gitHub('labeled', 7, { label: { name: 'later' } }),
    'a title': gitHub('edited', 7, { changes: { title: { from: 'old' } } }),
    // https://docs.github.com/en/webhooks/webhook-events-and-payloads#issues
    'a closed issue': { action: 'closed', issue: { number: 7, state: 'closed' } },
    // https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request_review
    'a review': { action: 'dismissed', pull_request: { number: 7 }, review: { state: 'dismissed' } },
  },
  prove: (body, secret) => ({ 'x-hub-signature-256': `sha256=${hmac(body, secret)}` }),
};

/** https://docs.gitea.com/usage/repository/webhooks */
const gitea: Sender = {
  merged: (number) => gitHub('closed', number),
  reported: { closed: gitHub('closed'), reopened: gitHub('reopened'), deleted: gitHub('deleted') },
  ignored: {
    push: { ref: 'refs/heads/main', before: 'a', after: 'b', commits: [], total_commits: 0 },
    'a push to it': gitHub('synchronized', 7, { commit_id: '' }),
    'a label': gitHub('label_updated'),
    'another base branch': gitHub('edited', 7, { changes: { ref: { from: 'main' } } }),
    'a review': gitHub('reviewed', 7, { review: { type: 'pull_request_review_approved', content: '' } }),
    'a closed issue': { action: 'closed', number: 7, issue: { number: 7, state: 'closed' } },
    'a deleted comment': {
      action: 'deleted',
      issue: { number: 7 },
      pull_request: { number: 7 },
      comment: { id: 1, body: '' },
      is_pull: true,
    },
  },
  prove: (body, secret) => ({ 'x-gitea-signature': hmac(body, secret) }),
};

/** https://docs.gitlab.com/user/project/integrations/webhook_events/#merge-request-events */
function mergeRequest(action: string, iid = 7, more: object = {}) {
  const project = { id: 1, path_with_namespace: 'acme/fleet' };
  const attributes = { id: 99, iid, target_branch: 'main', state: 'opened', action, ...more };
  return {
    object_kind: 'merge_request',
    event_type: 'merge_request',
    project,
    object_attributes: attributes,
  };
}

const gitlab: Sender = {
  merged: (number) => mergeRequest('merge', number, { state: 'merged' }),
  reported: { merge: mergeRequest('merge'), close: mergeRequest('close'), reopen: mergeRequest('reopen') },
  ignored: {
    push: { object_kind: 'push', before: 'a', after: 'b', ref: 'refs/heads/main', project_id: 15 },
    'an opened one': mergeRequest('open'),
    'a push to it': mergeRequest('update', 7, { oldrev: 'a' }),
    'an approval': mergeRequest('approved'),
    'a comment': {
      object_kind: 'note',
      object_attributes: { id: 1244, note: 'needs work', noteable_type: 'MergeRequest', action: 'create' },
      merge_request: { id: 7, iid: 7, state: 'opened' },
    },
    'a closed issue': { object_kind: 'issue', object_attributes: { id: 301, iid: 7, action: 'close' } },
  },
  prove: (_, secret) => ({ 'x-gitlab-token': secret }),
};

/** https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html */
function bitbucketEvent(eventKey: string, id = 7, more: object = {}) {
  const pullRequest = { id, version: 2, title: 'Promote', state: 'MERGED', open: false, closed: true };
  return { eventKey, date: '2017-09-19T10:39:36+1000', actor: { name: 'admin' }, pullRequest, ...more };
}

const bitbucket: Sender = {
  merged: (number) => bitbucketEvent('pr:merged', number),
  reported: {
    merged: bitbucketEvent('pr:merged'),
    declined: bitbucketEvent('pr:declined'),
    deleted: bitbucketEvent('pr:deleted'),
    reopened: bitbucketEvent('pr:reopened', 7, { pullRequest: { id: 7, version: 3, state: 'OPEN' } }),
  },
  ignored: {
    ping: { test: true },
    push: { eventKey: 'repo:refs_changed', date: '2017-09-19T09:45:32+1000', changes: [] },
    'an opened one': bitbucketEvent('pr:opened'),
    'a push to it': bitbucketEvent('pr:from_ref_updated', 7, { previousFromHash: 'a' }),
    'a title': bitbucketEvent('pr:modified', 7, { previousTitle: 'old' }),
    'an approval': bitbucketEvent('pr:reviewer:approved'),
    'a comment': bitbucketEvent('pr:comment:added', 7, { comment: { id: 62, text: 'I am a PR comment' } }),
  },
  prove: (body, secret) => ({ 'x-hub-signature': `sha256=${hmac(body, secret)}` }),
};

/** https://learn.microsoft.com/en-us/azure/devops/service-hooks/events#git.pullrequest.updated */
function azureEvent(eventType: string, status: string, pullRequestId = 7, did = 'updated') {
  const resource = { repository: { name: 'Fabrikam' }, pullRequestId, status, mergeStatus: 'succeeded' };
  const message = { text: `Jamal Hartnett ${did} pull request ${pullRequestId} (Promote) in Fabrikam` };
  return { id: 'af07be1b', eventType, publisherId: 'tfs', message, resource, resourceVersion: '1.0' };
}

const azure: Sender = {
  merged: (number) => azureEvent('git.pullrequest.updated', 'completed', number),
  reported: {
    completed: azureEvent('git.pullrequest.updated', 'completed'),
    abandoned: azureEvent('git.pullrequest.updated', 'abandoned'),
    merged: azureEvent('git.pullrequest.merged', 'completed'),
    reactivated: azureEvent('git.pullrequest.updated', 'active', 7, 'reactivated'),
  },
  ignored: {
    'an opened one': azureEvent('git.pullrequest.created', 'active'),
    'a push to it': azureEvent('git.pullrequest.updated', 'active', 7, 'updated the source branch of'),
    'a vote': azureEvent('git.pullrequest.updated', 'active', 7, 'approved'),
    'a merge that was tried': azureEvent('git.pullrequest.merged', 'active'),
    push: { eventType: 'git.push', resource: { pushId: 14, refUpdates: [] } },
    'a comment': {
      eventType: 'ms.vss-code.git-pullrequest-comment-event',
      resource: { comment: { id: 1 }, pullRequest: { pullRequestId: 7, status: 'completed' } },
    },
  },
  prove: (_, secret) => ({
    authorization: `Basic ${Buffer.from(`turnpike:${secret}`).toString('base64')}`,
  }),
};

export const SENDERS: Readonly<Record<ForgeType, Sender>> = {
  github,
  gitea,
  gitlab,
  'bitbucket-server': bitbucket,
  'azure-devops': azure,
};
