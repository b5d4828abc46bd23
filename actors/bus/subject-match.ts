/** Whether a subject is one that a pattern asks for: `*` stands for one part, `>` at the end for one or more. As NATS has it. */
export function matches(pattern: string, subject: string): boolean {
  const expected = pattern.split(".");
  const parts = subject.split(".");
  for (const [i, part] of expected.entries()) {
    if (part === ">" && i === expected.length - 1) return parts.length > i;
    if (i >= parts.length || (part !== "*" && part !== parts[i])) return false;
  }
  return parts.length === expected.length;
}
