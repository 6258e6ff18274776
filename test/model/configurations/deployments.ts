import {
  arrives,
  fails,
  failsTests,
  falters,
  follows,
  goes,
  hides,
  moves,
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
const SOAK = { gates: { soak: '10m' } };

/** What clusters show, and what events tell of them. */
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
    events: 'told',
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
    events: 'told',
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
    events: 'told',
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
    events: 'told',
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
    events: 'told',
    revisions: COMMITS,
    start: startOf({ environments: TWO, revisions: COMMITS }),
  },
];
