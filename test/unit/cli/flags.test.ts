import { describe, expect, test } from 'bun:test';
import { readFlags } from '../../../src/cli/flags.ts';
import { SERVE_FLAGS } from '../../../src/cli/serve/flags.ts';

const read = (args: string[], environment: Record<string, string> = {}) =>
  readFlags(SERVE_FLAGS, args, environment);

describe('the flags of serve', () => {
  test('have the defaults of the predecessor where it has the flag', () => {
    const flags = read([]);
    expect(flags.ok && flags.values).toMatchObject({
      'promotion-hook-bind-address': ':8082',
      'metrics-bind-address': ':8080',
      'metrics-per-pipeline': true,
      'health-probe-bind-address': ':8081',
      'events-addr': '',
      'leader-elect': false,
      'promotion-retry-delay': 2,
      'promotion-retry-max-delay': 20,
      'promotion-retry-threshold': 3,
      'log-level': 'info',
      'log-encoding': 'json',
      'resync-interval': 600,
      'git-cache-max-size': 2 ** 31,
    });
  });

  test('are environment variables too, and win over them', () => {
    const environment = { TURNPIKE_LOG_LEVEL: 'debug', TURNPIKE_CONCURRENT: '8' };
    const flags = read(['--log-level=error'], environment);
    expect(flags.ok && flags.values).toMatchObject({ 'log-level': 'error', concurrent: 8 });
  });

  test.each([
    [['--leader-elect'], 'leader-elect', true],
    [['--leader-elect=false'], 'leader-elect', false],
    [['--metrics-per-pipeline=false'], 'metrics-per-pipeline', false],
    [['--resync-interval', '1h30m'], 'resync-interval', 5400],
    [['--resync-interval', '1.5h'], 'resync-interval', 5400],
    [['--resync-interval', '30m1500000µs'], 'resync-interval', 1801.5],
    [['--resync-interval=90'], 'resync-interval', 90],
    [['--promotion-hook-rate-limit-interval=500ms'], 'promotion-hook-rate-limit-interval', 0.5],
    [['--git-hosts=git.example.com, *.corp:8443'], 'git-hosts', ['git.example.com', '*.corp:8443']],
    [['--admission-bind-address='], 'admission-bind-address', ''],
    [['--health-probe-bind-address=[::1]:0'], 'health-probe-bind-address', '[::1]:0'],
    [['--git-cache-max-size=512MiB'], 'git-cache-max-size', 2 ** 29],
    [
      ['--trusted-proxies=10.0.0.7, ::ffff:10.0.0.8,10.1.0.0/16'],
      'trusted-proxies',
      ['10.0.0.7', '10.0.0.8', '10.1.0.0/16'],
    ],
  ] as const)('take %p', (args, name, value) => {
    const flags = read([...args]);
    expect(flags.ok && flags.values[name]).toEqual(value as never);
  });

  test.each([
    [['--nonsense'], /--nonsense/],
    [['serve-me'], /serve-me/],
    [['--log-level=loud'], /--log-level: "loud" is not one of trace, debug/],
    [['--metrics-bind-address=8080'], /write host:port or :port/],
    [['--metrics-bind-address=:99999'], /write host:port or :port/],
    [['--concurrent=0'], /not a whole number of at least 1/],
    [['--resync-interval=soon'], /write 10m, 90s or 1h30m/],
    [['--resync-interval=0'], /longer than 0/],
    [['--git-cache-max-size=big'], /write 512MiB or 2GiB/],
    [['--leader-elect=maybe'], /neither true nor false/],
    [['--trusted-proxies=ingress'], /--trusted-proxies: "ingress" is not an address or network/],
    [['--watch-label-selector=team in podinfo'], /--watch-label-selector: .*: values must be in parentheses/],
    [['--revision-paths=Rollout.argoproj.io=status'], /--revision-paths: "status" is not a path/],
  ])('refuse %p with a sentence', (args, says) => {
    const flags = read(args);
    expect(flags.ok ? '' : flags.problems.join('\n')).toMatch(says);
  });

  test('report all faults at once, and where they come from', () => {
    const flags = read(['--concurrent=x'], { TURNPIKE_LOG_LEVEL: 'loud' });
    expect(flags.ok ? [] : flags.problems).toEqual([
      expect.stringMatching(/^TURNPIKE_LOG_LEVEL: /),
      expect.stringMatching(/^--concurrent: /),
    ]);
  });
});
