import { follows } from '../alphabet/clusters.ts';
import {
  byHand,
  closes,
  commits,
  merges,
  mergesElsewhere,
  passes,
  reopens,
  reverts,
  updates,
} from '../alphabet/forge.ts';
import {
  hours,
  minutes,
  reportsPull,
  requests,
  starts,
  stops,
  strikes,
  suspends,
  wakes,
} from '../alphabet/people.ts';
import { type Configuration, startOf } from '../search/configuration.ts';
import { back, next, prod, staging, THREE, TWO, VERSIONS } from './common.ts';

const ALL = { revisions: VERSIONS, events: 'reported' } as const;

/** Configurations of pull requests: acts of people, the forge and Turnpike. */
export const PULL_REQUESTS: readonly Configuration[] = [
  {
    ...ALL,
    name: 'people merge',
    letters: [
      ...[next, back, merges('prod'), closes('prod'), reopens('prod'), reportsPull('prod')],
      ...[reverts('prod', VERSIONS), follows(prod), wakes(), hours, stops(), starts()],
    ],
    depth: 5,
    start: startOf({ environments: TWO, revisions: VERSIONS }),
  },
  {
    ...ALL,
    name: 'Turnpike merges',
    letters: [
      ...[next, back, closes('prod'), commits('prod'), mergesElsewhere('prod'), reverts('prod', VERSIONS)],
      ...[byHand('prod', 'dev'), follows(prod), wakes(), minutes],
    ],
    depth: 5,
    start: startOf({ environments: TWO, revisions: VERSIONS, pullRequest: { merge: 'auto' } }),
  },
  {
    ...ALL,
    name: 'the forge merges once checks have passed',
    letters: [
      ...[next, back, closes('prod'), commits('prod'), passes(), suspends(true), suspends(false)],
      ...[byHand('prod', 'dev'), follows(prod), minutes],
    ],
    depth: 5,
    start: startOf({
      environments: TWO,
      revisions: VERSIONS,
      pullRequest: { merge: 'auto' },
      repository: { checking: true },
    }),
  },
  {
    ...ALL,
    name: 'a window',
    letters: [
      ...[
        next,
        back,
        closes('prod'),
        merges('prod'),
        follows(prod),
        minutes,
        wakes(),
        suspends(true),
        suspends(false),
      ],
      strikes(13, 'the window closes'),
      strikes(11, 'the window opens'),
    ],
    depth: 5,
    start: startOf({
      environments: TWO,
      revisions: VERSIONS,
      pullRequest: { merge: 'auto' },
      promotion: { gates: { windows: [{ from: '11:00', to: '13:00' }] } },
    }),
  },
  {
    ...ALL,
    name: 'people on the branch, and neighbours in one file',
    letters: [
      ...[
        next,
        merges('staging'),
        merges('prod'),
        commits('prod'),
        updates('prod'),
        byHand('prod', 'staging'),
      ],
      ...[follows(staging), follows(prod), requests(), minutes],
    ],
    depth: 6,
    start: startOf({ environments: THREE, revisions: VERSIONS, repository: { neighbours: true } }),
  },
  {
    ...ALL,
    name: 'three environments, and a base that must not be behind',
    letters: [
      ...[next, back, follows(staging), follows(prod), closes('prod'), closes('staging')],
      ...[reverts('staging', VERSIONS), minutes, wakes()],
    ],
    depth: 6,
    start: startOf({
      environments: THREE,
      revisions: VERSIONS,
      pullRequest: { merge: 'auto' },
      repository: { strict: true },
    }),
  },
];
