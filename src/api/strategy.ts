import * as v from 'valibot';
import { FORGE_TYPES } from '../lib/forges/pure.ts';
import { URL_RULES } from '../lib/net/pure.ts';
import {
  branch,
  CommitSettings,
  CommitTemplates,
  files,
  merge,
  mergeMethod,
  PRESENTATION,
  PullRequestTemplates,
} from './change.ts';
import { secretReference } from './names.ts';
import { branchOf, repositoryUrl } from './repository.ts';
import { rules, secretTextRules } from './rules.ts';

/** How a promotion is done. */

export const LocalSecretRef = secretReference("Name of a Secret in the Pipeline's namespace.");
export type LocalSecretRef = v.InferOutput<typeof LocalSecretRef>;

const secretOf = (description: string) => v.optional(v.pipe(LocalSecretRef, v.description(description)));

/** References to what Flux keeps apart from the credentials. Where one is set, those keys of `secretRef` are not read. */
const certSecretRef = secretOf(
  'Secret for TLS with the host: tls.crt and tls.key, a client certificate and its private key; ca.crt, a private certificate authority. Default: these keys of secretRef.',
);
const proxySecretRef = secretOf(
  "Secret with the proxy of this repository, in place of the environment's: address, such as http://proxy.example.com:3128; username and password if it requires them. Not with an ssh URL.",
);

export const PullRequestStrategy = v.pipe(
  v.object({
    type: v.optional(
      v.pipe(
        v.picklist(FORGE_TYPES),
        v.description(
          `The kind of forge behind the URL: ${FORGE_TYPES.join(', ')}. Default: detected from the URL, such as gitlab for gitlab.example.com.`,
        ),
      ),
    ),
    url: repositoryUrl,
    baseBranch: v.optional(branchOf('Branch that pull requests go to. Default: main.'), 'main'),
    secretRef: v.pipe(
      LocalSecretRef,
      v.description(
        "Secret with the credentials: token for the forge's API, or a GitHub App by the keys that Flux has for it, or bearerToken; username and password for Git over HTTPS (the token alone serves when they are missing); identity and known_hosts for Git over SSH; tls.crt and tls.key for a client certificate; ca.crt for a private certificate authority; webhook-secret for the forge's webhook; signing-key and signing-passphrase for the commits.",
      ),
    ),
    certSecretRef,
    proxySecretRef,
    webhookSecretRef: secretOf(
      'Secret that webhooks of the forge are verified with: webhook-secret, and webhook-secret-previous during a rotation. Default: these keys of secretRef.',
    ),
    branch,
    files: v.optional(files),
    ...PRESENTATION,
    merge,
    mergeMethod,
    templates: v.optional(PullRequestTemplates),
    commit: v.optional(CommitSettings),
  }),
  rules(...secretTextRules('url', URL_RULES)),
);
export type PullRequestStrategy = v.InferOutput<typeof PullRequestStrategy>;

export const PushStrategy = v.pipe(
  v.object({
    url: repositoryUrl,
    branch: v.optional(branchOf('Branch to commit to. Default: main.'), 'main'),
    secretRef: v.pipe(
      LocalSecretRef,
      v.description(
        'Secret with the credentials: username and password, or token, or bearerToken, for Git over HTTPS; identity and known_hosts for Git over SSH; tls.crt and tls.key for a client certificate; ca.crt for a private certificate authority; signing-key and signing-passphrase for the commits.',
      ),
    ),
    certSecretRef,
    proxySecretRef,
    files: v.optional(files),
    templates: v.optional(CommitTemplates),
    commit: v.optional(CommitSettings),
  }),
  rules(...secretTextRules('url', URL_RULES)),
);
export type PushStrategy = v.InferOutput<typeof PushStrategy>;

const STRATEGIES = ['pull-request', 'push', 'notification'] as const;
const NAMES = 'pull-request, push and notification';
export const NO_STRATEGY = `No strategy is named: write one of ${NAMES}.`;
export const SEVERAL_STRATEGIES = `Several strategies are named: keep one of ${NAMES}.`;
const COUNT = STRATEGIES.map((name) => `(has(self.${name.replace('-', '__dash__')}) ? 1 : 0)`).join(' + ');

export const Strategy = v.pipe(
  v.object({
    'pull-request': v.optional(
      v.pipe(PullRequestStrategy, v.description('Open a pull request that changes the marked version.')),
    ),
    push: v.optional(
      v.pipe(PushStrategy, v.description('Commit the changed version to a branch, without a pull request.')),
    ),
    notification: v.optional(
      v.pipe(
        v.object({}),
        v.description(
          "Raise the event Promote on the Pipeline, for Flux's notification-controller. Has no fields: {}.",
        ),
      ),
    ),
    secretRef: v.optional(
      v.pipe(
        LocalSecretRef,
        v.description(
          'Secret with the key hmac-key, which signs the events for this promotion, and approval-key, which signs its approvals: each at least 16 bytes, preferably 32. Without approval-key, hmac-key signs approvals too.',
        ),
      ),
    ),
  }),
  rules(
    {
      rule: `${COUNT} > 0`,
      message: NO_STRATEGY,
      schema: { oneOf: STRATEGIES.map((name) => ({ required: [name] })) },
    },
    { rule: `${COUNT} < 2`, message: SEVERAL_STRATEGIES },
  ),
);
export type Strategy = v.InferOutput<typeof Strategy>;
