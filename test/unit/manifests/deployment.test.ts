import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { bytes } from '../../../src/cli/flags.ts';
import { SERVE_FLAGS } from '../../../src/cli/serve/flags.ts';
import { isForbiddenAddress, isInNetwork } from '../../../src/lib/net/addresses.ts';

const ROOT = join(import.meta.dir, '../../..');
const read = (file: string) => Bun.file(join(ROOT, file)).text();

const { spec } = parse(await read('manifests/controller/deployment.yaml'));
const pod = spec.template.spec;
const [container] = pod.containers;
const portOf = (name: string): number =>
  container.ports.find((port: { name: string }) => port.name === name).containerPort;

describe('the Deployment', () => {
  test('still answers while Services forget it, and ends in time', () => {
    const wait = container.lifecycle.preStop.sleep.seconds;
    // Endpoints are withdrawn within seconds; the program itself ends within ten.
    expect(wait).toBeGreaterThanOrEqual(5);
    expect(wait + 10).toBeLessThan(pod.terminationGracePeriodSeconds);
  });

  test('tells the engine how much memory there is', () => {
    expect(container.env).toContainEqual({
      name: 'BUN_JSC_forceRAMSize',
      valueFrom: { resourceFieldRef: { containerName: container.name, resource: 'limits.memory' } },
    });
  });

  test('has room on its node for the clones that it may keep', () => {
    const cache = bytes(SERVE_FLAGS['git-cache-max-size'].default);
    const [tmp] = pod.volumes;
    const { requests, limits } = container.resources;
    expect(bytes(requests['ephemeral-storage'])).toBeGreaterThanOrEqual(cache);
    expect(bytes(tmp.emptyDir.sizeLimit)).toBeGreaterThan(cache);
    expect(bytes(limits['ephemeral-storage'])).toBeGreaterThan(bytes(tmp.emptyDir.sizeLimit));
  });
});

interface Rule {
  readonly from?: readonly object[];
  readonly to?: readonly {
    readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
  }[];
  readonly ports: readonly { readonly protocol: string; readonly port: number }[];
}

interface Policy {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly podSelector: object;
    readonly policyTypes: readonly string[];
    readonly ingress?: readonly Rule[];
    readonly egress?: readonly Rule[];
  };
}

const policies = parseAllDocuments(await read('kustomize/components/network-policy/policies.yaml')).map(
  (document) => document.toJS() as Policy,
);

describe('the NetworkPolicies', () => {
  test('are for the Pods of the Deployment', () => {
    for (const policy of policies) expect(policy.spec.podSelector).toEqual(spec.selector);
  });

  test('let in to the hook and metrics whom they name, to admission the API server, wherever it is', () => {
    const ingress = policies.flatMap(({ metadata, spec: { ingress = [] } }) =>
      ingress.map(({ from, ports }) => [metadata.name, from?.length, ports.map(({ port }) => port)]),
    );
    expect(ingress).toEqual([
      ['turnpike-hook', 2, [portOf('hook')]],
      ['turnpike-admission', undefined, [portOf('admission')]],
      ['turnpike-metrics', 1, [portOf('metrics')]],
    ]);
  });

  const egress = policies.flatMap((policy) => policy.spec.egress ?? []);
  const blocks = egress.flatMap(({ to, ports }) =>
    (to ?? []).flatMap(({ ipBlock }) =>
      ipBlock ? [{ ...ipBlock, ports: ports.map(({ port }) => port) }] : [],
    ),
  );
  const isReachable = (address: string, port: number) =>
    blocks.some(
      ({ cidr, except = [], ports }) =>
        ports.includes(port) &&
        isInNetwork(address, cidr) &&
        !except.some((network) => isInNetwork(address, network)),
    );

  test.each([
    ['140.82.121.4', 443, true],
    ['140.82.121.4', 22, true],
    ['10.1.2.3', 443, true],
    ['2606:50c0:8000::153', 443, true],
    ['169.254.20.10', 53, true],
    ['140.82.121.4', 80, false],
    ['10.1.2.3', 10250, false],
    ['169.254.20.10', 443, false],
    ['169.254.169.254', 53, false],
  ])('allow %s port %d: %p', (address, port, expected) => {
    expect(isReachable(address, port)).toBe(expected);
  });

  test.each([
    '169.254.169.254',
    '169.254.170.2',
    '169.254.0.1',
    '127.0.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '::1',
    'fe80::1',
    'ff02::1',
    'fd00:ec2::254',
    'fd20:ce::254',
  ])('keep what the program itself refuses, such as %s', (address) => {
    expect(isForbiddenAddress(address)).toBe(true);
    for (const port of [443, 22, 2222, 7999])
      expect([port, isReachable(address, port)]).toEqual([port, false]);
  });

  test('leave the ports of metadata services open to no address at all', () => {
    const anywhere = egress.filter(({ to }) => to === undefined).flatMap(({ ports }) => ports);
    expect(anywhere.map(({ port }) => port)).toEqual([6443, 8443]);
  });
});
