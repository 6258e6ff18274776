/** A block of a text in PEM (RFC 7468), with the headers that older private keys have (RFC 1421). */
export interface PemBlock {
  readonly label: string;
  readonly headers: readonly string[];
  /** Without line ends; empty where the block is broken. */
  readonly base64: string;
}

const BEGIN = /^-----BEGIN ([A-Z0-9][A-Z0-9 ]{0,63})-----$/;
const HEADER = /^[A-Za-z-]+: /;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The blocks of a text in their order; other text before, between and behind them is passed over, as Go does it. */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: { readonly label: string; readonly lines: string[] } | undefined;
  const end = (lines: readonly string[]) => {
    if (open) blocks.push(blockOf(open.label, lines));
    open = undefined;
  };
  for (const line of text.trim().split('\n').map(withoutEnd)) {
    const [, label] = BEGIN.exec(line) ?? [];
    if (label !== undefined) {
      end([]);
      open = { label, lines: [] };
    } else if (open && line === `-----END ${open.label}-----`) end(open.lines);
    else open?.lines.push(line);
  }
  end([]);
  return blocks;
}

function withoutEnd(line: string): string {
  return line.trimEnd();
}

function blockOf(label: string, lines: readonly string[]): PemBlock {
  const body = lines.findIndex((line) => !HEADER.test(line));
  const base64 = lines.slice(Math.max(body, 0)).join('');
  return { label, headers: lines.slice(0, Math.max(body, 0)), base64: BASE64.test(base64) ? base64 : '' };
}

/** A block as text, its lines as OpenSSL writes them. */
export function pemText({ label, headers, base64 }: PemBlock): string {
  const head = headers.length === 0 ? [] : [...headers, ''];
  const lines = base64.match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...head, ...lines, `-----END ${label}-----`, ''].join('\n');
}
