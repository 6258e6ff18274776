/**
 * Every rule for Pipelines by its name, with the sentence that states it. The documentation and the examples
 * under test/fixtures go by these names, and so does the JSON that `turnpike validate` prints.
 */
export const RULES = {
  required: 'A required field is there.',
  'field-known': 'A field is one that Pipelines have.',
  type: 'A field holds the kind of value that it is for.',
  choice: 'A field with fixed choices holds one of them.',
  length: 'Texts and lists keep to their bounds.',
  format: 'Names, URLs and branches are spelled as Kubernetes and Git take them.',
  'application-kind':
    'The application is neither an object of the core API group nor one that Turnpike reads for its own work.',
  'revision-source': 'The revision, or each artifact, is named once, and where it is read.',
  'cross-namespace-ref':
    "With --no-cross-namespace-refs, targets and clusters are in the Pipeline's namespace.",
  'environment-name-unique': 'Each environment has a name of its own.',
  'environment-has-target': 'Each environment has a target.',
  'target-unique': 'No target is written twice in an environment.',
  'status-size': 'The state of all targets fits into the object.',
  'strategy-exactly-one': 'A promotion names exactly one strategy.',
  'repository-url':
    'A repository is named by a URL that Git and the forge can use, without credentials in it.',
  'git-host': 'A repository is on a host that the operator allows.',
  'forge-type': 'The type of the forge is written, or the URL tells it.',
  'forge-fits-url': 'The type of the forge fits the URL.',
  'reference-fits-url': 'A Secret of its own for TLS or a proxy is of use with the URL beside it.',
  'base-branch': 'The base branch is one that Git takes.',
  'file-edit': 'A file is named by a pattern, and a field in it by a path.',
  template: 'A template has only the placeholders that there are.',
  'promotion-branch': 'The branch of an environment is one that Git takes, its own, and not the base branch.',
  'gates-on-top':
    "Gates, manual and approvals of an environment come on top of the Pipeline's promotion, and not beside one of its own.",
  approvals: 'Approvals ask for nothing that Turnpike does not hold promotions to.',
  'gate-soak': 'A soak is `0s`, or lasts from a second to 30 days.',
  'gate-window': 'A window has hours or dates that there are, in a time zone that there is.',
  'gate-versions':
    'The versions that may pass are a range of semantic versions, for all artifacts or for each of them once.',
  'secret-exists': 'A Secret that is named exists.',
  'secret-keys': 'A Secret holds the keys that its use needs.',
  'secret-host': 'A Secret goes only to the hosts that its annotation allows.',
  'hmac-key-length': 'A key that signs has 32 bytes; with fewer than 16 it is refused.',
  'hmac-key-published': 'A key is not one that the published examples have.',
  'approval-key': 'A key for events does not approve: a manual promotion has a key of its own.',
  'webhook-open': 'Events can be signed: a promotion names a key.',
  'promotion-into-each': 'A promotion leads into each environment but the first.',
  'target-shared': 'Two environments have no target in common.',
  'event-cluster': 'Environments on different clusters have namespaces or keys of their own.',
  'cluster-exists': 'A cluster that is named is there, for Pipelines of the namespace.',
  'application-readable': "The application's kind is known to the cluster, and Turnpike may read it.",
  'target-readable-by-author': 'The author of a target in another namespace may get the application there.',
  'application-governed-once': 'An application is managed by one Pipeline.',
} as const;

export type Rule = keyof typeof RULES;
