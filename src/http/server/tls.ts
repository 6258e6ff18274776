import { createSecureContext } from 'node:tls';

/** A certificate, or a chain of them with the server's first, and its private key, both as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** Authorities as PEM: callers must show a certificate of one of them. Without it they need none. */
  readonly clientCa?: readonly string[];
}

/** Throws if it is none: Bun's server would only refuse handshakes. */
export function checkCertificate(certificate: Certificate): Certificate {
  const { cert, key, clientCa } = certificate;
  createSecureContext({ cert, key, ...(clientCa && { ca: [...clientCa] }) });
  return certificate;
}

/** A caller without a certificate of the authorities gets no further than the handshake. */
export function serverTls({ cert, key, clientCa }: Certificate): Bun.TLSOptions {
  if (!clientCa) return { cert, key };
  return { cert, key, ca: [...clientCa], requestCert: true, rejectUnauthorized: true };
}
