import * as v from 'valibot';
import { durationSeconds, type TextRule } from '../lib/text/index.ts';
import { matching, rules, textRules } from './rules.ts';
import { Window } from './window.ts';

export type { Weekday, Window } from './window.ts';

/** The gates that a revision has to pass before it is promoted into an environment. */

const MAX_SOAK_SECONDS = 720 * 3600;
/** As Go writes durations, in the units that Flux takes; the numbers are bounded so that no sum is too large for Go. */
const SOAK = /^([0-9]{1,5}(\.[0-9]{1,6})?h|[0-9]{1,7}(\.[0-9]{1,6})?(m|s|ms))+$/;
const SOAK_RULES: readonly TextRule[] = [
  {
    matches: SOAK,
    message: 'Write a duration in hours, minutes and seconds, such as 24h, 1h30m, 1.5h or 90s.',
  },
];
const SOAK_BOUNDS = 'Write a duration from 1s to 720h, which are 30 days, or 0s for none.';

/** Seconds of a duration such as `24h`, `1h30m`, `1.5h` or `90s`; undefined when it is none. */
export function soakSeconds(text: string): number | undefined {
  const seconds = SOAK.test(text) ? durationSeconds(text) : undefined;
  return seconds === undefined ? undefined : Math.round(seconds * 1000) / 1000;
}

const withinBounds = v.rawCheck<string>(({ dataset, addIssue }) => {
  const seconds = dataset.typed ? soakSeconds(dataset.value) : undefined;
  if (seconds === undefined || seconds === 0) return;
  if (seconds < 1 || seconds > MAX_SOAK_SECONDS) addIssue({ message: SOAK_BOUNDS });
});

const soak = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(20),
  matching(SOAK_RULES),
  withinBounds,
  rules(...textRules(SOAK_RULES), {
    // The rule before refuses a text that is not a duration: CEL that cannot be evaluated would be an error.
    rule: `!self.matches(${JSON.stringify(SOAK.source)}) || self == "" || duration(self) == duration("0s") || (duration(self) >= duration("1s") && duration(self) <= duration("720h"))`,
    message: SOAK_BOUNDS,
  }),
  v.description(
    'How long the revision must have been healthy in the previous environment, counted from its deployment there: 1s to 720h, such as 24h, 1h30m or 1.5h; 0s for none.',
  ),
);

const ArtifactVersions = v.pipe(
  v.object({
    name: v.pipe(
      v.string(),
      v.minLength(1),
      v.maxLength(32),
      v.description('Name of the artifact, as in spec.artifacts.'),
    ),
    versions: v.pipe(
      v.string(),
      v.minLength(1),
      v.maxLength(256),
      v.description('The semantic versions of it that may pass, a range as npm or Flux writes it.'),
    ),
  }),
  v.description('The versions of one artifact that may pass.'),
);

export const Gates = v.object({
  soak: v.optional(soak),
  windows: v.optional(
    v.pipe(
      v.array(Window),
      v.maxLength(10),
      v.metadata({ 'x-kubernetes-list-type': 'atomic' }),
      v.description(
        'The promotion passes only while an Allow window is open and no Deny window is: up to 10 in all. Without Allow windows: whenever no Deny window is open.',
      ),
    ),
  ),
  versions: v.optional(
    v.pipe(
      v.string(),
      v.minLength(1),
      v.maxLength(256),
      v.description(
        'The semantic versions that may pass, a range as npm or Flux writes it: "~1.4", ">=1.2.0 <2" or ">=1.2.0, <2.0.0". A revision that is not a semantic version does not pass.',
      ),
    ),
  ),
  artifactVersions: v.optional(
    v.pipe(
      v.array(ArtifactVersions),
      v.maxLength(8),
      v.metadata({ 'x-kubernetes-list-type': 'atomic' }),
      v.description(
        'The versions of single artifacts that may pass, each in place of versions: up to 8, each artifact once.',
      ),
    ),
  ),
  targets: v.optional(
    v.pipe(
      v.picklist(['all', 'any']),
      v.description(
        'How many targets of the previous environment must be ready at the revision: all, or any one. Default: all.',
      ),
    ),
  ),
});
export type Gates = v.InferOutput<typeof Gates>;
