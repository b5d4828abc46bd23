/** Whether a subject matches a pattern: `*` matches one part, `>` at the end one or more. As in NATS. */
export function matches(pattern: string, subject: string): boolean {
  const expected = pattern.split(".");
  const parts = subject.split(".");
  for (const [i, part] of expected.entries()) {
    if (part === ">" && i === expected.length - 1) return parts.length > i;
    if (i >= parts.length || (part !== "*" && part !== parts[i])) return false;
  }
  return parts.length === expected.length;
}
