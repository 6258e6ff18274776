import * as v from 'valibot';
import type { TextRule } from '../lib/text/index.ts';
import { matching, rules, textRules } from './rules.ts';

/** A time window in which promotions may pass, or may not. */

export const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

const TYPES = ['Allow', 'Deny'] as const;

function text(maxLength: number, rule: TextRule, description: string) {
  return v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(maxLength),
    matching([rule]),
    rules(...textRules([rule])),
    v.description(description),
  );
}

const MOMENT: TextRule = {
  matches:
    /^[2-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9]))?$/,
  message: 'Write a date such as 2026-12-24, or a time such as 2026-12-24T18:00:00+01:00.',
};

const ONE_LINE: TextRule = {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are refused
  notMatching: /[\x00-\x1f\x7f]/,
  message: 'Write the reason in one line, without control characters.',
};

const NO_TIME = 'The window has no duration: write 00:00 and 24:00 for a whole day.';
const HOURS_MISSING = 'An Allow window needs hours: write from and to, 00:00 and 24:00 for whole days.';
const HALF_THE_HOURS = 'Write both from and to, or neither of them for whole days.';
const ENDLESS =
  'A Deny window with no time never ends: write days, from and to, or start and end; suspend: true holds all promotions.';

const WindowFields = v.object({
  type: v.optional(
    v.pipe(
      v.picklist(TYPES),
      v.description(
        'Allow: promotions pass while it is open. Deny: none passes while it is open, even if an Allow window is. Default: Allow.',
      ),
    ),
  ),
  days: v.optional(
    v.pipe(
      v.array(v.pipe(v.picklist(WEEKDAYS), v.description(`One of ${WEEKDAYS.join(', ')}.`))),
      v.minLength(1),
      v.maxLength(7),
      v.metadata({ 'x-kubernetes-list-type': 'atomic' }),
      v.description('The days on which it opens. Default: every day.'),
    ),
  ),
  from: v.optional(
    text(
      5,
      { matches: /^([01][0-9]|2[0-3]):[0-5][0-9]$/, message: 'Write hours and minutes, such as 09:00.' },
      'When it opens, such as 09:00. A Deny window without from and to covers whole days.',
    ),
  ),
  to: v.optional(
    text(
      5,
      {
        matches: /^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$/,
        message: 'Write hours and minutes, such as 17:00, or 24:00 for the end of the day.',
      },
      'When it closes, such as 17:00; before from, it is on the next day. 24:00 is the end of the day.',
    ),
  ),
  timeZone: v.optional(
    text(
      64,
      {
        matches: /^[A-Za-z][A-Za-z0-9_+/-]*$/,
        message: 'Write a name of the IANA time zone database, such as Europe/Berlin or UTC.',
      },
      'Time zone of days, hours and dates, by its IANA name such as Europe/Berlin. Default: UTC.',
    ),
  ),
  start: v.optional(
    text(
      35,
      MOMENT,
      'The first day on which it is open, or the time from which it is open: a date such as 2026-12-24, in its time zone, or a time such as 2026-12-24T18:00:00+01:00.',
    ),
  ),
  end: v.optional(
    text(
      35,
      MOMENT,
      'The last day on which it is open, a date in its time zone; or the time from which it is closed again.',
    ),
  ),
  reason: v.optional(
    text(
      200,
      ONE_LINE,
      'Why the window exists, in a few words; shown where it holds a promotion back, and in pull requests.',
    ),
  ),
});
export type Window = v.InferOutput<typeof WindowFields>;

const hasDuration = v.rawCheck<Window>(({ dataset, addIssue }) => {
  if (!dataset.typed) return;
  const { value } = dataset;
  const message = hoursProblem(value);
  if (message !== undefined) return addIssue({ message });
  if (value.from === undefined || value.from !== value.to) return;
  addIssue({
    message: NO_TIME,
    input: value.to,
    path: [{ type: 'object', origin: 'value', input: { ...value }, key: 'to', value: value.to }],
  });
});

function hoursProblem({ type = 'Allow', from, to, days, start, end }: Window): string | undefined {
  if (type === 'Allow') return from === undefined || to === undefined ? HOURS_MISSING : undefined;
  if ((from === undefined) !== (to === undefined)) return HALF_THE_HOURS;
  const isEndless = [from, days, start, end].every((one) => one === undefined);
  return isEndless ? ENDLESS : undefined;
}

const IS_DENY = '(has(self.type) && self.type == "Deny")';

export const Window = v.pipe(
  WindowFields,
  hasDuration,
  rules(
    {
      rule: `${IS_DENY} || (has(self.from) && has(self.to))`,
      message: HOURS_MISSING,
      schema: {
        anyOf: [
          { required: ['from', 'to'] },
          { required: ['type'], properties: { type: { enum: ['Deny'] } } },
        ],
      },
    },
    {
      rule: `!${IS_DENY} || has(self.from) == has(self.to)`,
      message: HALF_THE_HOURS,
      schema: { dependencies: { from: ['to'], to: ['from'] } },
    },
    {
      rule: `!${IS_DENY} || has(self.from) || has(self.to) || has(self.days) || has(self.start) || has(self.end)`,
      message: ENDLESS,
      schema: { anyOf: ['from', 'to', 'days', 'start', 'end'].map((name) => ({ required: [name] })) },
    },
    {
      rule: '!has(self.from) || !has(self.to) || self.from != self.to',
      message: NO_TIME,
      fieldPath: '.to',
    },
  ),
  v.description('A time window in which promotions may pass, or may not.'),
);
