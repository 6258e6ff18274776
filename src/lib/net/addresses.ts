import { BlockList, isIP } from 'node:net';

const BITS = { ipv4: 32, ipv6: 128 } as const;

/** Addresses where no forge is: RFC 1122, 3927, 5771, 919, 4291 and cloud metadata. */
const FORBIDDEN: BlockList = listOf([
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '255.255.255.255',
  '100.100.100.200', // Alibaba Cloud metadata
  '168.63.129.16', // Azure's platform endpoint
  '192.0.0.192', // Oracle Cloud metadata
  '::/127', // unspecified and loopback
  'fe80::/10',
  'ff00::/8',
  'fd00:ec2::254', // AWS metadata
  'fd20:ce::254', // Google Cloud metadata
]);

/** Prefixes whose last 32 bits are an IPv4 address: compatible, mapped, translated (RFC 4291, 2765, 6052, 8215). */
const EMBEDDING: BlockList = listOf([
  '::/96',
  '::ffff:0:0/96',
  '::ffff:0:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
]);

/** 6to4 (RFC 3056) has the IPv4 address behind its prefix instead of at the end. */
const SIX_TO_FOUR: BlockList = listOf(['2002::/16']);

const MAPPED: BlockList = listOf(['::ffff:0:0/96']);

/** The list knows an IPv4 address inside IPv6 too (RFC 4291, section 2.5.5.2). */
const LOOPBACK: BlockList = listOf(['127.0.0.0/8', '::1']);

/**
 * True for loopback, unspecified, link-local, multicast and cloud metadata addresses, also when they are
 * disguised: decimal, octal or hex IPv4, and IPv4 inside IPv6. A text that is no address gives false.
 */
export function isForbiddenAddress(ip: string): boolean {
  const bare = withoutBrackets(ip).replace(/%.*$/, '');
  const address = ipv4In(bare) ?? bare;
  return isAmong(address, FORBIDDEN) || (isIP(address) === 6 && isAmong(embedded(address), FORBIDDEN));
}

/** The host of a URL as DNS and sockets take it: an IPv6 address stands in brackets there (RFC 3986, section 3.2.2). */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

/**
 * True for an address in a network such as `10.0.0.0/8` or `fd00::/8`; an address alone is the network of
 * itself. False for texts that are neither.
 */
export function isInNetwork(ip: string, network: string): boolean {
  const [first = '', length, ...more] = network.split('/');
  const family = familyOf(ip);
  if (family === undefined || family !== familyOf(first) || more.length > 0) return false;
  if (length !== undefined && !(/^\d{1,3}$/.test(length) && Number(length) <= BITS[family])) return false;
  return isAmong(ip, listOf([network]));
}

/** True for this machine's own addresses, an IPv4 one inside IPv6 included. */
export function isLoopbackAddress(ip: string): boolean {
  return isAmong(ip, LOOPBACK);
}

/** True for IPv4 as four decimal numbers, and for IPv6. */
export function isAddress(text: string): boolean {
  return familyOf(text) !== undefined;
}

/**
 * One spelling for each address, IPv4 in IPv6 (RFC 4291, section 2.5.5.2) as IPv4, so that two that are the same are
 * equal texts. Undefined: it is none. An IPv4 address with leading zeros, which some read as octal, is none.
 */
export function canonicalAddress(text: string): string | undefined {
  const family = familyOf(text);
  if (family !== 'ipv6') return family && text;
  return MAPPED.check(text, family) ? ipv4At(groupsOf(text), 6) : shortIpv6(text);
}

/** An IPv6 address with a zone is none: the zone is a matter of one machine alone. */
function familyOf(text: string): keyof typeof BITS | undefined {
  // Most texts are names, which a glance tells: the pattern behind isIP takes a microsecond.
  const isName = !text.includes(':') && !/^\d/.test(text);
  const version = isName || text.includes('%') ? 0 : isIP(text);
  if (version === 0) return undefined;
  return version === 4 ? 'ipv4' : 'ipv6';
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [first = '', length] = network.split('/');
    const family = familyOf(first) ?? 'ipv4';
    list.addSubnet(first, Number(length ?? BITS[family]), family);
  }
  return list;
}

function isAmong(address: string | undefined, list: BlockList): boolean {
  const family = address === undefined ? undefined : familyOf(address);
  return address !== undefined && family !== undefined && list.check(address, family);
}

/** The IPv4 address inside an IPv6 one. */
function embedded(address: string): string | undefined {
  if (SIX_TO_FOUR.check(address, 'ipv6')) return ipv4At(groupsOf(address), 1);
  return EMBEDDING.check(address, 'ipv6') ? ipv4At(groupsOf(address), 6) : undefined;
}

/** The URL parser knows every spelling of an IPv4 address (WHATWG URL, "IPv4 parser"). */
function ipv4In(text: string): string | undefined {
  // A text in no spelling of an address needs no look by isIP, which takes a microsecond.
  if (!/^[0-9a-fx.]+$/i.test(text)) return undefined;
  if (isIP(text) === 4) return text;
  const host = URL.parse(`http://${text}/`)?.hostname;
  return host !== undefined && isIP(host) === 4 ? host : undefined;
}

/** The one form to which the URL parser brings every spelling; that of Bun does not know all with IPv4 at the end. */
function shortIpv6(address: string): string {
  const groups = groupsOf(address).map((group) => group.toString(16));
  return withoutBrackets(new URL(`http://[${groups.join(':')}]/`).hostname);
}

/** The eight groups of an IPv6 address, its last 32 bits written as IPv4 or not. */
function groupsOf(address: string): number[] {
  const [left = [], right] = address.split('::').map((half) =>
    half.split(':').flatMap((part) => {
      if (!part.includes('.')) return part === '' ? [] : Number.parseInt(part, 16);
      const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
      return [a * 256 + b, c * 256 + d];
    }),
  );
  if (right === undefined) return left;
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

/** The IPv4 address in this group and the next one. */
function ipv4At(groups: readonly number[], index: number): string {
  const [first = 0, second = 0] = groups.slice(index);
  return [first >> 8, first & 255, second >> 8, second & 255].join('.');
}
