/** A text as a field of CSV (RFC 4180). A name that a spreadsheet would compute begins with an apostrophe. */
export function cellText(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
