/** Files that are part of the binary as text. */
declare module '*.yaml' {
  const content: string;
  // biome-ignore lint/style/noDefaultExport: an imported file has no other export
  export default content;
}
