/** "41.3 MB": three digits, in steps of 1,000, as on the page. */
export function byteSize(bytes: number): string {
  const [size, unit] = bytes >= 1e9 ? [1e9, "GB"] : bytes >= 1e6 ? [1e6, "MB"] : [1e3, "kB"];
  return `${(bytes / size).toPrecision(3)} ${unit}`;
}
