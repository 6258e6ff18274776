import { follows, MAIN_URL, moves, OTHER_URL } from '../alphabet/clusters.ts';
import {
  breaks,
  bumps,
  closes,
  commits,
  deletesBase,
  merges,
  refuses,
  restoresBase,
  reverts,
} from '../alphabet/forge.ts';
import {
  approves,
  arms,
  becomesOther,
  deletes,
  hours,
  minutes,
  movesTo,
  notifiesInstead,
  putsBack,
  requests,
  respells,
  starts,
  stops,
  suspends,
  takesOut,
  turnsTo,
  wakes,
  withdraws,
} from '../alphabet/people.ts';
import { type Configuration, startOf } from '../search/configuration.ts';
import { back, next, prod, TWO, VERSIONS } from './common.ts';

const ALL = { revisions: VERSIONS, events: 'reported' } as const;

/** The letters that may happen between two steps of the reconciler. */
const BETWEEN = [closes('prod'), merges('prod'), commits('prod'), back, next, stops(), deletes()];
const PLACES = ['before-push', 'before-create', 'after-create'];
/** A process may end at any of them. */
const CRASHES = ['after-intent', 'after-push', 'after-task'];
const ABOUT = ['before-intent', 'before-task', 'before-result'];

/** Configurations of people's requests and changes, and of other strategies. */
export const PEOPLE: readonly Configuration[] = [
  {
    ...ALL,
    name: 'a change of the repository, and environments that go',
    letters: [
      ...[next, back, closes('prod'), merges('prod'), follows(prod), movesTo(OTHER_URL), movesTo(MAIN_URL)],
      ...[becomesOther(), takesOut('prod'), notifiesInstead(), requests(), wakes()],
    ],
    depth: 4,
    start: startOf({ environments: TWO, revisions: VERSIONS }),
  },
  {
    ...ALL,
    name: 'an environment that comes again, and a URL that is spelled otherwise',
    letters: [
      ...[next, back, closes('prod'), merges('prod'), takesOut('prod'), putsBack('prod'), respells()],
      ...[requests(), withdraws(), wakes(), deletes()],
    ],
    depth: 4,
    start: startOf({ environments: TWO, revisions: VERSIONS }),
  },
  {
    ...ALL,
    name: 'a forge that refuses to close, and a base branch that is changed by hand',
    letters: [
      ...[next, back, merges('prod'), bumps('prod', VERSIONS), follows(prod), refuses(true), refuses(false)],
      ...[movesTo(OTHER_URL), deletes(), wakes(), minutes],
    ],
    depth: 4,
    start: startOf({ environments: TWO, revisions: VERSIONS }),
  },
  {
    ...ALL,
    name: 'base branches that change and go, and a forge that is away',
    letters: [
      ...[next, back, closes('prod'), merges('prod'), follows(prod), turnsTo('release'), turnsTo('main')],
      ...[deletesBase(), restoresBase(), breaks(true), breaks(false), requests(), wakes(), minutes],
    ],
    depth: 4,
    start: startOf({ environments: TWO, revisions: VERSIONS }),
  },
  {
    ...ALL,
    name: 'notifications, with an approval',
    letters: [
      next,
      back,
      moves(prod, VERSIONS, 1),
      moves(prod, VERSIONS, -1),
      approves('prod'),
      wakes(),
      suspends(true),
      suspends(false),
      requests(),
    ],
    depth: 5,
    start: startOf({
      environments: TWO,
      revisions: VERSIONS,
      strategy: { notification: {} },
      promotion: { manual: true },
    }),
  },
  {
    ...ALL,
    name: 'notifications',
    letters: [
      next,
      back,
      moves(prod, VERSIONS, 1),
      moves(prod, VERSIONS, -1),
      wakes(),
      hours,
      stops(),
      starts(),
    ],
    depth: 5,
    start: startOf({ environments: TWO, revisions: VERSIONS, strategy: { notification: {} } }),
  },
  {
    ...ALL,
    name: 'commits to the branch itself',
    letters: [
      next,
      back,
      reverts('prod', VERSIONS),
      follows(prod),
      wakes(),
      hours,
      suspends(true),
      suspends(false),
    ],
    depth: 5,
    start: startOf({
      environments: TWO,
      revisions: VERSIONS,
      strategy: { push: { url: MAIN_URL, branch: 'main', secretRef: { name: 'forge' } } },
    }),
  },
  {
    ...ALL,
    name: 'between two steps',
    letters: [
      ...[next, back, wakes(), minutes, starts(), follows(prod)],
      ...PLACES.flatMap((place) => BETWEEN.map((letter) => arms(place, letter))),
      // A pull request closed while Turnpike is about to close it does not count as a person's rejection.
      ...ABOUT.flatMap((place) => BETWEEN.slice(1).map((letter) => arms(place, letter))),
      ...CRASHES.map((place) => arms(place, stops())),
    ],
    between: BETWEEN,
    depth: 4,
    start: startOf({ environments: TWO, revisions: VERSIONS, pullRequest: { merge: 'auto' } }),
  },
];
