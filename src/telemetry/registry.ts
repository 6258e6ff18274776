import { Registry } from 'prom-client';
import { type Family, familyHead } from './exposition.ts';

/** All metrics of the process, as one text for Prometheus. */
export interface MetricsRegistry {
  readonly contentType: string;
  /** prom-client's own registry, for metrics with few series. */
  readonly small: Registry;
  /** Metrics with series by Pipeline. */
  add(...families: readonly Family[]): void;
  /** Called at the begin of each scrape, to set what is read only then. */
  onScrape(read: () => void): void;
  /** The text in pieces; the event loop gets its turn between them. */
  pieces(): AsyncGenerator<string, void, void>;
  /** The text as a whole. */
  metrics(): Promise<string>;
}

/** How long the text may be written on before others get their turn. */
const TURN_MS = 10;
const PIECE_LENGTH = 64 * 1024;

export function createMetricsRegistry(): MetricsRegistry {
  const small = new Registry();
  const families: Family[] = [];
  const reads: (() => void)[] = [];

  async function* pieces(): AsyncGenerator<string, void, void> {
    for (const read of reads) read();
    for (const { name } of small.getMetricsAsArray()) yield `${await small.getSingleMetricAsString(name)}\n`;
    for (const family of families) yield* familyPieces(family);
  }

  return {
    contentType: Registry.PROMETHEUS_CONTENT_TYPE,
    small,
    add: (...added) => {
      families.push(...added);
    },
    onScrape: (read) => {
      reads.push(read);
    },
    pieces,
    async metrics() {
      let text = '';
      for await (const piece of pieces()) text += piece;
      return text;
    },
  };
}

async function* familyPieces(family: Family): AsyncGenerator<string, void, void> {
  let piece = familyHead(family);
  let since = performance.now();
  for (const lines of family.lines()) {
    piece += lines;
    if (piece.length >= PIECE_LENGTH) {
      yield piece;
      piece = '';
    }
    if (performance.now() - since < TURN_MS) continue;
    await new Promise<void>((resolve) => setImmediate(resolve));
    since = performance.now();
  }
  yield piece;
}
