/** The type of a body in lower case, without its parameters (RFC 9110, section 8.3.1). */
export function mediaType({ headers }: Response): string | undefined {
  return headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
}
