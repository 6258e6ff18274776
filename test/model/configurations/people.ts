import { follows, MAIN_URL, moves, OTHER_URL } from '../alphabet/clusters.ts';
import { breaks, closes, commits, deletesBase, merges, restoresBase, reverts } from '../alphabet/forge.ts';
import {
  approves,
  arms,
  becomesOther,
  hours,
  minutes,
  movesTo,
  notifiesInstead,
  requests,
  starts,
  stops,
  suspends,
  takesOut,
  turnsTo,
  wakes,
} from '../alphabet/people.ts';
import { type Configuration, startOf } from '../search/configuration.ts';
import { back, next, prod, TWO, VERSIONS } from './common.ts';

const ALL = { revisions: VERSIONS, events: 'told' } as const;

/** What may happen between two steps of the reconciler. */
const BETWEEN = [closes('prod'), merges('prod'), commits('prod'), back, next, stops()];
const PLACES = ['before-push', 'before-create', 'after-create'];
const ABOUT = ['before-intent', 'before-task', 'before-result'];

/** What people ask for and change, and other strategies. */
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
    depth: 6,
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
    depth: 6,
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
    depth: 6,
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
      // What is closed while Turnpike is about to close it is no word of a person.
      ...ABOUT.flatMap((place) => BETWEEN.slice(1).map((letter) => arms(place, letter))),
    ],
    between: BETWEEN,
    depth: 4,
    start: startOf({ environments: TWO, revisions: VERSIONS, pullRequest: { merge: 'auto' } }),
  },
];
