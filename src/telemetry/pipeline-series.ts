import { type Family, type Labels, labelText, sampleLine } from './exposition.ts';

/**
 * Counters and histograms with series by Pipeline. A Pipeline's series are kept together, so that they go with
 * it, and their labels are written out once, so that tens of thousands of them are cheap to print.
 */
export interface PipelineSeries {
  /** Keys of the Pipelines that have series. */
  owners(): Iterable<string>;
  remove(owner: string): void;
  /** Drops the series of a Pipeline's environments that are not among these. */
  retain(owner: string, environments: ReadonlySet<string>): void;
}

export interface PipelineCounter extends PipelineSeries, Family {
  inc(owner: string, labels: Labels): void;
}

export interface PipelineHistogram extends PipelineSeries, Family {
  observe(owner: string, labels: Labels, value: number): void;
}

export interface SeriesOptions {
  readonly name: string;
  readonly help: string;
  /** False: one series stands for all Pipelines, without the labels that tell them apart. */
  readonly perPipeline: boolean;
}

/** The labels that tell Pipelines and their environments apart. */
const IDENTITY = ['namespace', 'name', 'pipeline', 'environment'];
const ALL = '';

export function createPipelineCounter(options: SeriesOptions): PipelineCounter {
  const { name, help } = options;
  const series = createSeries<{ value: number }>(options, {
    initial: () => ({ value: 0 }),
    lines: (labels, { value }) => sampleLine(name, labels, value),
  });
  return {
    ...series,
    name,
    help,
    type: 'counter',
    inc(owner, labels) {
      series.of(owner, labels).value += 1;
    },
  };
}

interface Observed {
  /** By bucket, not yet added up. */
  readonly buckets: number[];
  sum: number;
  count: number;
}

/** `buckets`: upper bounds, rising. */
export function createPipelineHistogram(
  options: SeriesOptions & { readonly buckets: readonly number[] },
): PipelineHistogram {
  const { name, help, buckets } = options;
  const series = createSeries<Observed>(options, {
    initial: () => ({ buckets: buckets.map(() => 0), sum: 0, count: 0 }),
    lines: (labels, observed) => histogramLines(name, labels, buckets, observed),
  });
  return {
    ...series,
    name,
    help,
    type: 'histogram',
    observe(owner, labels, value) {
      const state = series.of(owner, labels);
      const index = buckets.findIndex((bound) => value <= bound);
      if (index >= 0) state.buckets[index] = (state.buckets[index] ?? 0) + 1;
      state.sum += value;
      state.count += 1;
    },
  };
}

function histogramLines(name: string, labels: string, bounds: readonly number[], observed: Observed): string {
  const prefix = labels === '' ? '' : `${labels},`;
  let total = 0;
  let text = '';
  for (const [index, bound] of bounds.entries()) {
    total += observed.buckets[index] ?? 0;
    text += `${name}_bucket{${prefix}le="${bound}"} ${total}\n`;
  }
  text += `${name}_bucket{${prefix}le="+Inf"} ${observed.count}\n`;
  return (
    text +
    sampleLine(`${name}_sum`, labels, observed.sum) +
    sampleLine(`${name}_count`, labels, observed.count)
  );
}

interface Kind<State> {
  readonly initial: () => State;
  readonly lines: (labels: string, state: State) => string;
}

interface Entry<State> {
  readonly environment: string | undefined;
  readonly state: State;
}

function createSeries<State>({ perPipeline }: SeriesOptions, { initial, lines }: Kind<State>) {
  const byOwner = new Map<string, Map<string, Entry<State>>>();

  function entriesOf(owner: string): Map<string, Entry<State>> {
    const known = byOwner.get(owner);
    if (known) return known;
    const entries = new Map<string, Entry<State>>();
    byOwner.set(owner, entries);
    return entries;
  }

  return {
    of(owner: string, labels: Labels): State {
      const entries = entriesOf(perPipeline ? owner : ALL);
      const text = labelText(perPipeline ? labels : withoutIdentity(labels));
      const known = entries.get(text);
      if (known) return known.state;
      const entry = { environment: labels.environment, state: initial() };
      entries.set(text, entry);
      return entry.state;
    },
    owners: () => (perPipeline ? byOwner.keys() : []),
    remove: (owner: string) => {
      if (perPipeline) byOwner.delete(owner);
    },
    retain(owner: string, environments: ReadonlySet<string>): void {
      const entries = perPipeline ? byOwner.get(owner) : undefined;
      for (const [text, { environment }] of entries ?? []) {
        if (environment !== undefined && !environments.has(environment)) entries?.delete(text);
      }
    },
    *lines(): Iterable<string> {
      for (const entries of byOwner.values()) {
        for (const [labels, { state }] of entries) yield lines(labels, state);
      }
    },
  };
}

function withoutIdentity(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !IDENTITY.includes(name)));
}
