/**
 * Every rule for Pipelines by its name, with the sentence that states it. The documentation and the examples
 * under test/fixtures go by these names, and so does the JSON that `turnpike validate` prints.
 */
export const RULES = {
  required: 'A required field is there.',
  'field-known': 'A field is known.',
  type: 'A field has a value of the right type.',
  choice: 'A field with fixed choices holds one of them.',
  length: 'Texts and lists are within their bounds.',
  format: 'Names, URLs and branches are spelled as Kubernetes and Git require.',
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
  'forge-type': 'The type of the forge is set, or detected from the URL.',
  'forge-fits-url': 'The type of the forge fits the URL.',
  'reference-fits-url': 'A Secret for TLS or a proxy fits the URL next to it.',
  'base-branch': 'The base branch has a name that Git allows.',
  'file-edit': 'A file is named by a pattern, and a field in it by a path.',
  template: 'A template has known placeholders only.',
  'promotion-branch':
    'The branch of an environment has a name that Git allows, is its own, and not the base branch.',
  'gates-on-top':
    "Gates, manual and approvals of an environment come on top of the Pipeline's promotion, and not beside one of its own.",
  approvals: 'Approvals require nothing that Turnpike does not support yet.',
  'gate-soak': 'A soak is `0s`, or lasts from a second to 30 days.',
  'gate-window': 'A window has hours or dates that exist, in a time zone that exists.',
  'gate-versions':
    'The versions that may pass are a range of semantic versions, for all artifacts or for each of them once.',
  'secret-exists': 'A Secret that is named exists.',
  'secret-keys': 'A Secret holds the keys that its use needs.',
  'secret-host': 'A Secret goes only to the hosts that its annotation allows.',
  'hmac-key-length': 'A key that signs has 32 bytes; with fewer than 16 it is refused.',
  'hmac-key-published': 'A key is not one of the published examples.',
  'approval-key': 'A key for events does not approve: a manual promotion has a key of its own.',
  'webhook-open': 'Events can be signed: a promotion names a key.',
  'promotion-into-each': 'A promotion leads into each environment but the first.',
  'target-shared': 'Two environments have no target in common.',
  'event-cluster': 'Environments on different clusters have namespaces or keys of their own.',
  'cluster-exists': 'A named cluster exists, and allows Pipelines of the namespace.',
  'application-readable': "The application's kind is known to the cluster, and Turnpike may read it.",
  'target-readable-by-author': 'The author of a target in another namespace may get the application there.',
  'application-governed-once': 'An application is managed by one Pipeline.',
} as const;

export type RuleName = keyof typeof RULES;
