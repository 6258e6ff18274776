import {
  arrives,
  fails,
  failsTests,
  falters,
  follows,
  goes,
  hides,
  moves,
  reconciles,
  recovers,
  repeats,
} from '../alphabet/clusters.ts';
import { closes, merges, reverts } from '../alphabet/forge.ts';
import { approves, hours, minutes, moments, starts, stops, suspends, wakes } from '../alphabet/people.ts';
import { type Configuration, startOf } from '../search/configuration.ts';
import { back, COMMITS, dev, next, prod, TWO, VERSIONS } from './common.ts';

const [one, other] = [
  { environment: 'dev', target: 0 },
  { environment: 'dev', target: 1 },
];
const CANARY = [one, other].flatMap((spot) => [moves(spot, VERSIONS, 1), moves(spot, VERSIONS, -1)]);
const IN_PROD = [
  moves({ environment: 'prod', target: 0 }, VERSIONS, 1),
  moves({ environment: 'prod', target: 0 }, VERSIONS, -1),
];
const SOAK = { gates: { soak: '10m' } };

/** Configurations of deployments: the state of clusters, and events about it. */
export const DEPLOYMENTS: readonly Configuration[] = [
  {
    name: 'events alone, late, reordered and lost',
    letters: [
      ...[next, back, fails(dev, VERSIONS), recovers(dev), arrives('oldest'), arrives('newest')],
      ...[merges('prod'), follows(prod), wakes(), hours],
    ],
    depth: 5,
    events: 'mailed',
    revisions: VERSIONS,
    start: startOf({ environments: TWO, revisions: VERSIONS, unreadable: ['dev', 'prod'] }),
  },
  {
    name: 'events alone, which all arrive, and a soak',
    letters: [
      ...[next, back, fails(dev, VERSIONS), recovers(dev), failsTests(dev), follows(prod)],
      ...[wakes(), minutes, stops(), starts()],
    ],
    depth: 5,
    events: 'reported',
    revisions: VERSIONS,
    start: startOf({
      environments: TWO,
      revisions: VERSIONS,
      unreadable: ['dev', 'prod'],
      promotion: SOAK,
      pullRequest: { merge: 'auto' },
    }),
  },
  {
    name: 'approvals and a canary',
    letters: [
      ...CANARY,
      ...[falters(other), recovers(other), approves('prod'), closes('prod'), merges('prod'), follows(prod)],
      ...[suspends(true), suspends(false)],
    ],
    depth: 6,
    events: 'reported',
    revisions: VERSIONS,
    start: startOf({
      environments: { dev: 2, prod: 1 },
      revisions: VERSIONS,
      promotion: { manual: true },
    }),
  },
  {
    name: 'approvals, and events of two targets alone',
    letters: [
      ...[...CANARY, next, approves('prod'), arrives('oldest'), arrives('newest')],
      ...[suspends(true), suspends(false), minutes],
    ],
    depth: 5,
    events: 'mailed',
    revisions: VERSIONS,
    start: startOf({
      environments: { dev: 2, prod: 1 },
      revisions: VERSIONS,
      unreadable: ['dev'],
      promotion: { manual: true },
    }),
  },
  {
    name: 'approvals, and events of two targets alone that all arrive',
    letters: [...CANARY, next, back, approves('prod'), suspends(true), suspends(false), stops(), starts()],
    depth: 5,
    events: 'reported',
    revisions: VERSIONS,
    start: startOf({
      environments: { dev: 2, prod: 1 },
      revisions: VERSIONS,
      unreadable: ['dev'],
      promotion: { manual: true },
    }),
  },
  {
    name: 'reconciliations of what runs already',
    letters: [
      ...[next, back, reconciles(dev, true), reconciles(dev, false), reconciles(prod, true)],
      ...[reconciles(prod, false), repeats(dev), follows(prod), minutes, moments],
    ],
    depth: 5,
    events: 'reported',
    revisions: VERSIONS,
    start: startOf({
      environments: TWO,
      revisions: VERSIONS,
      promotion: SOAK,
      pullRequest: { merge: 'auto' },
    }),
  },
  {
    name: 'a canary in the environment that is promoted into',
    letters: [
      ...[next, back, ...IN_PROD, closes('prod'), merges('prod'), follows(prod)],
      ...[wakes(), minutes],
    ],
    depth: 4,
    events: 'reported',
    revisions: VERSIONS,
    start: startOf({ environments: { dev: 1, prod: 2 }, revisions: VERSIONS }),
  },
  {
    name: 'an application that goes while events of it are under way',
    letters: [
      next,
      goes(dev),
      hides(dev, false),
      hides(dev, true),
      arrives('oldest'),
      arrives('newest'),
      wakes(),
    ],
    depth: 5,
    events: 'mailed',
    revisions: VERSIONS,
    start: startOf({ environments: TWO, revisions: VERSIONS }),
  },
  {
    name: 'versions that may pass',
    letters: [
      ...[next, back, approves('prod'), merges('prod'), closes('prod'), follows(prod)],
      ...[wakes(), minutes, suspends(true), suspends(false)],
    ],
    depth: 5,
    events: 'reported',
    revisions: VERSIONS,
    start: startOf({
      environments: TWO,
      revisions: VERSIONS,
      promotion: { manual: true, gates: { versions: '1.0.0 || 1.2.0' } },
    }),
  },
  {
    name: 'one target that can be read and one that cannot, and a soak',
    letters: [
      ...[next, back, fails(other, VERSIONS), recovers(other), hides(one, false), hides(one, true)],
      ...[arrives('oldest'), arrives('newest'), follows(prod), minutes],
    ],
    depth: 5,
    events: 'mailed',
    revisions: VERSIONS,
    start: startOf({
      environments: { dev: 2, prod: 1 },
      revisions: VERSIONS,
      unreadable: ['dev-1'],
      promotion: SOAK,
    }),
  },
  {
    name: 'any target',
    letters: [...CANARY, falters(other), recovers(other), closes('prod'), follows(prod), minutes],
    depth: 5,
    events: 'reported',
    revisions: VERSIONS,
    start: startOf({
      environments: { dev: 2, prod: 1 },
      revisions: VERSIONS,
      promotion: { gates: { targets: 'any' } },
      pullRequest: { merge: 'auto' },
    }),
  },
  {
    name: 'applications that go, and clusters that cannot be read',
    letters: [
      ...[next, back, goes(dev), goes(prod), hides(dev, false), hides(dev, true), repeats(dev)],
      ...[failsTests(dev), recovers(dev), follows(prod), minutes, moments],
    ],
    depth: 5,
    events: 'reported',
    revisions: VERSIONS,
    start: startOf({ environments: TWO, revisions: VERSIONS, promotion: SOAK }),
  },
  {
    name: 'revisions without an order',
    letters: [
      ...[moves(dev, COMMITS, 1), moves(dev, COMMITS, -1), merges('prod'), closes('prod')],
      ...[reverts('prod', COMMITS), follows(prod), wakes(), hours],
    ],
    depth: 5,
    events: 'reported',
    revisions: COMMITS,
    start: startOf({ environments: TWO, revisions: COMMITS }),
  },
];
