/** Values of the document as text: the same for the same value, whatever the order of its keys. */

export function textOf(value: unknown): string {
  return JSON.stringify(sorted(value), (_, each) => (typeof each === "bigint" ? `${each}n` : each)) ?? "";
}

export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Record<string, unknown>;
  return Object.fromEntries(
    Object.keys(fields)
      .sort()
      .map((name) => [name, sorted(fields[name])]),
  );
}
