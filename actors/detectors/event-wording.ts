/** Formats numbers and names for the titles of events. */

/** A number with three or four digits. The details of an event contain the full number. */
export function brief(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return value.toFixed(0);
  if (size >= 100) return value.toFixed(1);
  if (size >= 1) return value.toFixed(2);
  return value.toFixed(3);
}

/** "a", "a and b", "a, b and 3 more". */
export function listed(names: readonly string[], shown = 3): string {
  if (names.length <= 1) return names[0] ?? "";
  if (names.length <= shown) return `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
  return `${names.slice(0, shown - 1).join(", ")} and ${names.length - shown + 1} more`;
}

/** A span of time with two digits: "1.6 s", "12 min", "3.5 h", "9 days". */
export function duration(us: number): string {
  const seconds = us / 1_000_000;
  if (seconds < 100) return `${twoDigits(seconds)} s`;
  if (seconds < 6000) return `${twoDigits(seconds / 60)} min`;
  if (seconds < 172_800) return `${twoDigits(seconds / 3600)} h`;
  return `${twoDigits(seconds / 86_400)} days`;
}

function twoDigits(value: number): string {
  return value >= 10 ? value.toFixed(0) : value.toFixed(1);
}
