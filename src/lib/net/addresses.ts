/** First address and prefix length of what is never a forge: RFC 1122, 3927, 5771, 919 and cloud metadata. */
const FORBIDDEN_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 4],
  ['255.255.255.255', 32],
  ['100.100.100.200', 32], // Alibaba Cloud metadata
  ['168.63.129.16', 32], // Azure's platform endpoint
  ['192.0.0.192', 32], // Oracle Cloud metadata
];

/** RFC 4291 and the IPv6 metadata addresses of AWS and Google Cloud, as eight groups' leading ones. */
const FORBIDDEN_IPV6: readonly (readonly [string, number])[] = [
  ['::', 127], // unspecified and loopback
  ['fe80::', 10],
  ['ff00::', 8],
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
];

/** Prefixes whose last 32 bits are an IPv4 address: compatible, mapped, translated (RFC 4291, 2765, 6052, 8215). */
const EMBEDDING_IPV6: readonly (readonly [string, number])[] = [
  ['::', 96],
  ['::ffff:0:0', 96],
  ['::ffff:0:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
];

const LOOPBACK = ['127.0.0.0/8', '::1', '::ffff:127.0.0.0/104'];

/**
 * True for loopback, unspecified, link-local, multicast and cloud metadata addresses, also when they are
 * disguised: decimal, octal or hex IPv4, and IPv4 inside IPv6. A text that is no address gives false.
 */
export function isForbiddenAddress(ip: string): boolean {
  const bare = withoutBrackets(ip).replace(/%.*$/, '');
  if (bare.includes(':')) {
    const groups = ipv6Groups(bare);
    return groups !== undefined && isForbiddenIpv6(groups);
  }
  const number = ipv4Number(bare);
  return number !== undefined && isForbiddenIpv4(number);
}

/** The host of a URL as DNS and sockets take it: an IPv6 address stands in brackets there (RFC 3986, section 3.2.2). */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

/**
 * Whether an address is in a network such as `10.0.0.0/8` or `fd00::/8`; an address alone is the network of
 * itself. False for texts that are neither.
 */
export function isInNetwork(ip: string, network: string): boolean {
  const [first = '', length, ...more] = network.split('/');
  const [address, start] = [addressBits(ip), addressBits(first)];
  if (address === undefined || address.length !== start?.length || more.length > 0) return false;
  const bits = length ?? String(start.length);
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > start.length) return false;
  return address.slice(0, Number(bits)) === start.slice(0, Number(bits));
}

/** True for this machine's own addresses, an IPv4 one inside IPv6 included. */
export function isLoopbackAddress(ip: string): boolean {
  return LOOPBACK.some((network) => isInNetwork(ip, network));
}

/** True for IPv4 as four decimal numbers, and for IPv6. */
export function isAddress(text: string): boolean {
  return addressBits(text) !== undefined;
}

/**
 * One spelling for each address, IPv4 in IPv6 (RFC 4291, section 2.5.5.2) as IPv4, so that two that are the same are
 * equal texts. Undefined: it is none. An IPv4 address with leading zeros, which some read as octal, is none.
 */
export function canonicalAddress(text: string): string | undefined {
  const isIpv4 = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/.test(text);
  if (isIpv4) return ipv4Number(text) === undefined ? undefined : text;
  const groups = text.length <= MAX_IPV6_LENGTH && text.includes(':') ? ipv6Groups(text) : undefined;
  if (!groups) return undefined;
  const [seventh = 0, eighth = 0] = groups.slice(6);
  if (!inIpv6Range(groups, ['::ffff:0:0', 96])) return new URL(`http://[${text}]/`).hostname.slice(1, -1);
  return [seventh >> 8, seventh & 255, eighth >> 8, eighth & 255].join('.');
}

/** All groups written out, the last two as IPv4. */
const MAX_IPV6_LENGTH = 45;

function addressBits(text: string): string | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return ipv4Number(text)?.toString(2).padStart(32, '0');
  const groups = text.includes(':') ? ipv6Groups(text) : undefined;
  return groups && binary(groups);
}

function isForbiddenIpv4(address: number): boolean {
  return FORBIDDEN_IPV4.some(([first, bits]) => {
    const shift = 2 ** (32 - bits);
    return Math.floor(address / shift) === Math.floor((ipv4Number(first) ?? 0) / shift);
  });
}

function isForbiddenIpv6(groups: readonly number[]): boolean {
  if (FORBIDDEN_IPV6.some((range) => inIpv6Range(groups, range))) return true;
  const [first = 0, second = 0, third = 0] = groups;
  // 6to4 (RFC 3056) holds the IPv4 address behind its prefix instead of at the end.
  if (first === 0x2002) return isForbiddenIpv4(second * 0x10000 + third);
  if (!EMBEDDING_IPV6.some((range) => inIpv6Range(groups, range))) return false;
  return isForbiddenIpv4((groups[6] ?? 0) * 0x10000 + (groups[7] ?? 0));
}

function inIpv6Range(groups: readonly number[], [first, bits]: readonly [string, number]): boolean {
  const wanted = binary(ipv6Groups(first) ?? []);
  return binary(groups).slice(0, bits) === wanted.slice(0, bits);
}

function binary(groups: readonly number[]): string {
  return groups.map((group) => group.toString(2).padStart(16, '0')).join('');
}

/** The URL parser knows every spelling of an IPv4 address (WHATWG URL, "IPv4 parser"). */
function ipv4Number(text: string): number | undefined {
  if (!/^[0-9a-fx.]+$/i.test(text) || !URL.canParse(`http://${text}/`)) return undefined;
  const parts = new URL(`http://${text}/`).hostname.split('.').map(Number);
  if (parts.length !== 4 || parts.some(Number.isNaN)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

/** The eight groups of an IPv6 address; the URL parser brings every spelling to one form. */
function ipv6Groups(text: string): number[] | undefined {
  if (!URL.canParse(`http://[${text}]/`)) return undefined;
  const [head = '', tail] = new URL(`http://[${text}]/`).hostname.slice(1, -1).split('::');
  const parse = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  if (tail === undefined) return parse(head);
  const [left, right] = [parse(head), parse(tail)];
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}
