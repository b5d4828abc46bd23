/** Times as the page shows them: of the person's own zone, which is written. */

/** ISO 8601 with milliseconds: `2026-01-02T05:04:05.678+02:00`, or `…Z` where the zone is UTC. */
export function localTimeText(timeUs: number): string {
  const ms = Math.floor(timeUs / 1000);
  const minutes = -new Date(ms).getTimezoneOffset();
  const text = new Date(ms + minutes * 60_000).toISOString();
  if (minutes === 0) return text;
  const [sign, size] = minutes < 0 ? ["-", -minutes] : ["+", minutes];
  return `${text.slice(0, -1)}${sign}${twoDigits(Math.floor(size / 60))}:${twoDigits(size % 60)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
