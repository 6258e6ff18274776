const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
};

/** Seconds of a duration as Go writes it (`1h30m`, `1.5h`, `500ms`), without a sign; undefined for other texts. */
export function durationSeconds(text: string): number | undefined {
  let [seconds, end] = [0, 0];
  for (const { 0: part, 1: number, 2: unit = '', index } of text.matchAll(
    /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/gy,
  )) {
    seconds += Number(number) * (UNIT_SECONDS[unit] ?? 0);
    end = index + part.length;
  }
  return end > 0 && end === text.length ? seconds : undefined;
}
