import type { Fields } from '../../fixtures/pipelines/cases.ts';

/** A CEL rule of the definition by its message, with changes of base.yaml that keep and break it. */
export interface CelCase {
  readonly message: string;
  readonly field: string;
  readonly good: Fields;
  readonly bad: Fields;
  /** JSON Schema cannot say it. */
  readonly celOnly?: true;
}

const TARGETS = [{ namespace: 'a' }];
const PULL_REQUEST = 'spec.promotion.strategy.pull-request';
const BRANCH_HINT = 'Write one such as main.';

function environments(...list: Fields[]): Fields {
  return { environments: list.map((one) => ({ targets: TARGETS, ...one })) };
}

function target(change: Fields): Fields {
  return environments({ name: 'dev', targets: [{ namespace: 'a', ...change }] });
}

function pullRequest(change: Fields): Fields {
  const whole = {
    type: 'github',
    url: 'https://github.com/a/b',
    secretRef: { name: 'repository' },
    ...change,
  };
  return { promotion: { strategy: { 'pull-request': whole } } };
}

function appRef(change: Fields): Fields {
  return {
    appRef: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: 'podinfo', ...change },
  };
}

function url(message: string, good: string, bad: string): CelCase {
  const field = `${PULL_REQUEST}.url`;
  return { message, field, good: pullRequest({ url: good }), bad: pullRequest({ url: bad }) };
}

function branch(message: string, good: string, bad: string): CelCase {
  const [kept, broken] = [pullRequest({ baseBranch: good }), pullRequest({ baseBranch: bad })];
  return {
    message: `${message} ${BRANCH_HINT}`,
    field: `${PULL_REQUEST}.baseBranch`,
    good: kept,
    bad: broken,
  };
}

function gates(change: Fields): Fields {
  return { promotion: { strategy: { notification: {} }, gates: change } };
}

function soak(message: string, good: string, bad: string): CelCase {
  const field = 'spec.promotion.gates.soak';
  return { message, field, good: gates({ soak: good }), bad: gates({ soak: bad }) };
}

const HOURS = { from: '09:00', to: '17:00' };

function windows(message: string, good: Fields, bad: Fields): CelCase {
  const [kept, broken] = [gates({ windows: [good] }), gates({ windows: [bad] })];
  return { message, field: 'spec.promotion.gates.windows[0]', good: kept, bad: broken };
}

function window(message: string, key: string, good: Fields, bad: Fields): CelCase {
  const field = `spec.promotion.gates.windows[0].${key}`;
  const [kept, broken] = [
    { ...HOURS, ...good },
    { ...HOURS, ...bad },
  ];
  return { message, field, good: gates({ windows: [kept] }), bad: gates({ windows: [broken] }) };
}

function environmentName(message: string, good: string, bad: string): CelCase {
  const [kept, broken] = [environments({ name: good }), environments({ name: bad })];
  return { message, field: 'spec.environments[0].name', good: kept, bad: broken };
}

const TAG_PATH = '.spec.values.image.tag';

function path(message: string, good: string, bad: string): CelCase {
  return {
    message,
    field: 'spec.revision.path',
    good: { revision: { path: good } },
    bad: { revision: { path: bad } },
  };
}

function event(message: string, good: string, bad: string): CelCase {
  const [kept, broken] = [good, bad].map((key) => ({ revision: { path: TAG_PATH, event: key } }));
  return { message, field: 'spec.revision.event', good: kept ?? {}, bad: broken ?? {} };
}

function artifact(message: string, good: string, bad: string): CelCase {
  const field = 'spec.artifacts[0].name';
  return { message, field, good: { artifacts: [{ name: good }] }, bad: { artifacts: [{ name: bad }] } };
}

export const CEL_CASES: readonly CelCase[] = [
  path(
    'Write steps of .field, [0] and [name=app], as in .spec.values.image.tag or .spec.images[name=ghcr.io/acme/shop].newTag.',
    '.spec.template.spec.containers[0].image',
    '.spec.values.users[password=x].tag',
  ),
  path('Begin the path with .spec, or with .status.', '.status.version', '.metadata.labels.version'),
  path(
    'Environment variables are not read: name the field that holds a tag, version, digest or image.',
    '.spec.values.environment.tag',
    '.spec.values.env.tag',
  ),
  path(
    'End the path with tag, newTag, digest, version, commit, ref or image, or with a field whose name ends in Tag, Version, Ref, Digest or Image.',
    '.spec.values.app_version',
    '.spec.values.password',
  ),
  event(
    'Flux uses this key itself: choose another one, such as image, and annotate the application with event.toolkit.fluxcd.io/image.',
    'revisions',
    'revision',
  ),
  artifact(
    'Use lower case letters, digits and "-", with a letter first and no "-" at the end.',
    'chart',
    'Chart',
  ),
  artifact(
    'Markers use this word themselves: choose a name other than revision, tag, digest, commit and version.',
    'tags',
    'tag',
  ),
  {
    message: 'Two artifacts have the same name: give each a name of its own.',
    field: 'spec.artifacts',
    good: { artifacts: [{ name: 'a' }, { name: 'b', path: TAG_PATH }] },
    bad: { artifacts: [{ name: 'a' }, { name: 'a', path: TAG_PATH }] },
    celOnly: true,
  },
  {
    message:
      'Two artifacts have no path, and both would be what Flux reports as the revision: give one of them a path.',
    field: 'spec.artifacts',
    good: { artifacts: [{ name: 'a' }, { name: 'b', path: TAG_PATH }] },
    bad: { artifacts: [{ name: 'a' }, { name: 'b' }] },
    celOnly: true,
  },
  {
    message: 'Keep one of revision and artifacts: with artifacts, the revision consists of them.',
    field: 'spec.artifacts',
    good: { artifacts: [{ name: 'a' }] },
    bad: { artifacts: [{ name: 'a' }], revision: { path: TAG_PATH } },
    celOnly: true,
  },
  {
    message: 'Use a group and version such as helm.toolkit.fluxcd.io/v2, or a version alone such as v1.',
    field: 'spec.appRef.apiVersion',
    good: appRef({ apiVersion: 'v1' }),
    bad: appRef({ apiVersion: 'helm.toolkit.fluxcd.io' }),
  },
  {
    message: 'Use a kind such as HelmRelease: letters and digits, the first one a capital.',
    field: 'spec.appRef.kind',
    good: appRef({ kind: 'Kustomization' }),
    bad: appRef({ kind: 'helmreleases' }),
  },
  {
    message: 'Use lower case letters, digits, "-" and ".", with a letter or digit at both ends.',
    field: `${PULL_REQUEST}.secretRef.name`,
    good: pullRequest({ secretRef: { name: 'a.b-c' } }),
    bad: pullRequest({ secretRef: { name: 'ghp_canary' } }),
  },
  {
    message: 'Use lower case letters, digits and "-", with a letter or digit at both ends.',
    field: 'spec.environments[0].targets[0].clusterRef.namespace',
    good: target({ clusterRef: { kind: 'Secret', name: 'leaf', namespace: 'clusters-1' } }),
    bad: target({ clusterRef: { kind: 'Secret', name: 'leaf', namespace: 'clusters.1' } }),
  },
  environmentName(
    'Use letters, digits, "-", "_" and ".", with a letter or digit at both ends.',
    'EU-west_1.prod',
    'a/b c',
  ),
  environmentName(
    'Take out "..": the name becomes part of a branch name, and Git allows no ".." there.',
    'eu.west',
    'eu..west',
  ),
  environmentName(
    'Take ".lock" off the end: the name ends a branch name, and Git allows none with that ending.',
    'eu.locked',
    'eu.lock',
  ),
  {
    message: 'Two environments have the same name: give each a name of its own.',
    field: 'spec.environments',
    good: environments({ name: 'dev' }, { name: 'Dev', targets: [{ namespace: 'b' }] }),
    bad: environments({ name: 'dev' }, { name: 'dev', targets: [{ namespace: 'b' }] }),
  },
  {
    message: 'Write at least one target: the namespace where the application runs in this environment.',
    field: 'spec.environments[1].targets',
    good: environments({ name: 'dev' }, { name: 'prod' }),
    bad: environments({ name: 'dev' }, { name: 'prod', targets: [] }),
  },
  {
    message: 'A target is written twice: remove one of them.',
    field: 'spec.environments[0].targets',
    good: environments({
      name: 'dev',
      targets: [{ namespace: 'a' }, { namespace: 'a', clusterRef: { kind: 'Secret', name: 'leaf' } }],
    }),
    bad: environments({ name: 'dev', targets: [{ namespace: 'a' }, { namespace: 'b' }, { namespace: 'a' }] }),
  },
  {
    message: 'Leave out "<", ">" and control characters: Git allows none of them in a name or address.',
    field: 'spec.environments[1].promotion.strategy.pull-request.commit.author.name',
    good: environments(
      { name: 'dev' },
      { name: 'prod', ...pullRequest({ commit: { author: { name: 'Ada', email: 'ada@example.com' } } }) },
    ),
    bad: environments(
      { name: 'dev' },
      { name: 'prod', ...pullRequest({ commit: { author: { name: 'Ada <a>', email: 'ada@example.com' } } }) },
    ),
  },
  {
    message: 'No strategy is named: write one of pull-request, push and notification.',
    field: 'spec.promotion.strategy',
    good: { promotion: { strategy: { notification: {} } } },
    bad: { promotion: { strategy: { secretRef: { name: 'events' } } } },
  },
  {
    message: 'Several strategies are named: keep one of pull-request, push and notification.',
    field: 'spec.environments[1].promotion.strategy',
    good: environments({ name: 'dev' }, { name: 'prod', ...pullRequest({}) }),
    bad: environments(
      { name: 'dev' },
      {
        name: 'prod',
        promotion: {
          strategy: {
            notification: {},
            'pull-request': {
              type: 'github',
              url: 'https://github.com/a/b',
              secretRef: { name: 'repository' },
            },
          },
        },
      },
    ),
  },
  url(
    'The URL contains blanks, backslashes or letters beyond ASCII: remove them, or percent-encode them.',
    'https://github.com/a/b%20c',
    'https://github.com/a/b c',
  ),
  url(
    'The URL contains a user or password: put them into the Secret that secretRef names.',
    'ssh://git@github.com:22/a/b.git',
    'https://user:canary@github.com/a/b',
  ),
  url(
    'The URL contains a query or a fragment: leave out everything from ? or # on.',
    'https://[2001:db8::1]:8443/a/b',
    'https://github.com/a/b?ref=main',
  ),
  url(
    'This is not the URL of a repository: write it as https://<host>/<owner>/<repository> or ssh://git@<host>/<owner>/<repository>.',
    'http://git.example.com/a',
    'git@github.com:a/b.git',
  ),
  soak('Write a duration in hours, minutes and seconds, such as 24h, 1h30m, 1.5h or 90s.', '30m1.5h', '1d'),
  {
    ...soak('Write a duration from 1s to 720h, which are 30 days, or 0s for none.', '0s', '999h'),
    celOnly: true,
  },
  window('Write hours and minutes, such as 09:00.', 'from', { from: '00:30' }, { from: '24:00' }),
  window(
    'Write hours and minutes, such as 17:00, or 24:00 for the end of the day.',
    'to',
    { to: '24:00' },
    { to: '24:01' },
  ),
  {
    ...window(
      'The window has no duration: write 00:00 and 24:00 for a whole day.',
      'to',
      { to: '08:59' },
      { to: '09:00' },
    ),
    celOnly: true,
  },
  window(
    'Write a name of the IANA time zone database, such as Europe/Berlin or UTC.',
    'timeZone',
    { timeZone: 'Etc/GMT+5' },
    { timeZone: '+05:00' },
  ),
  {
    message:
      "Keep either promotion, which replaces the Pipeline's as a whole, or gates, manual and approvals, which are added to it.",
    field: 'spec.environments[1].promotion',
    good: environments(
      { name: 'dev' },
      { name: 'prod', gates: { soak: '24h' }, manual: true, approvals: {} },
    ),
    bad: environments({ name: 'dev' }, { name: 'prod', manual: false, ...pullRequest({}) }),
  },
  {
    message: 'Nothing is promoted into the first environment: take gates, manual and approvals out there.',
    field: 'spec.environments',
    good: environments({ name: 'dev' }, { name: 'prod', gates: {} }),
    bad: environments({ name: 'dev', gates: {} }, { name: 'prod' }),
    celOnly: true,
  },
  {
    message: 'Write spec.promotion: gates, manual and approvals of an environment are added to it.',
    field: 'spec.promotion',
    good: environments({ name: 'dev' }, { name: 'prod', approvals: {} }),
    bad: { promotion: undefined, ...environments({ name: 'dev' }, { name: 'prod', approvals: {} }) },
    celOnly: true,
  },
  {
    message: 'Take manual: false or approvals out: approvals mean manual: true.',
    field: 'spec.environments[1].manual',
    good: environments({ name: 'dev' }, { name: 'prod', manual: true, approvals: {} }),
    bad: environments({ name: 'dev' }, { name: 'prod', manual: false, approvals: {} }),
    celOnly: true,
  },
  windows('An Allow window needs hours: write from and to, 00:00 and 24:00 for whole days.', HOURS, {
    to: '17:00',
  }),
  windows(
    'Write both from and to, or neither of them for whole days.',
    { type: 'Deny', days: ['Sat'] },
    { type: 'Deny', to: '17:00' },
  ),
  windows(
    'A Deny window with no time never ends: write days, from and to, or start and end; suspend: true holds all promotions.',
    { type: 'Deny', end: '2027-01-03' },
    { type: 'Deny' },
  ),
  window(
    'Write a date such as 2026-12-24, or a time such as 2026-12-24T18:00:00+01:00.',
    'end',
    { end: '2027-01-03T18:00:00.5-03:00' },
    { end: '2027-13-01' },
  ),
  window(
    'Write the reason in one line, without control characters.',
    'reason',
    { reason: 'größere Umbauten' },
    { reason: 'a\tb' },
  ),
  branch('A branch must not start with "-".', 'release/1.x', '--force'),
  branch('HEAD and @ are not branches.', 'HEADS', 'HEAD'),
  branch('A branch must not contain blanks, control characters or any of ~ ^ : ? * [ \\.', 'größe', 'a b'),
  branch('A branch must not contain ".." or "@{".', 'a.b@c', 'a@{b'),
  branch('A branch must not start or end with "/" or contain "//".', 'a/b/c', 'a//b'),
  branch('A branch must not end with ".".', 'v1.2', 'v1.'),
  branch(
    'No part of a branch between slashes may start with "." or end with ".lock".',
    'locks/a.locked',
    'a.lock/b',
  ),
];
