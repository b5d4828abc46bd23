/**
 * Text from outside, as a person may see it in a terminal or a log.
 *
 * Names, titles and quoted input are any Unicode text. A line feed in one would print a line that the program never wrote, an escape sequence would
 * move the cursor or recolour what stands there, a bidirectional control would show the text in another order. Data keeps such characters; each output of
 * text writes them as escapes (Boucher and Anderson 2021, "Trojan Source", for the bidirectional ones).
 */

/**
 * Control characters (C0, DEL, C1), line and paragraph separators, bidirectional controls, and format characters that nobody sees: zero-width space,
 * invisible operators, byte order mark, interlinear annotation, tags (U+E0000 to U+E007F, as their two code units), and half a surrogate pair.
 * Zero-width joiner and non-joiner stay: scripts and emoji need them.
 */
const HIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what the pattern looks for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** `text` on one line, with characters that are not seen as `\n`, `\r`, `\t` or `\uXXXX`. Other text is returned as it is. */
export function visibleText(text: string): string {
  return text.replace(HIDDEN, escaped);
}

/** Whether nothing in `text` hides or reorders other text: what people call things, and each other, must not. */
export function isVisible(text: string): boolean {
  return visibleText(text) === text;
}

/** The same of a text of several lines, which may have line feeds and tabs. */
export function isVisibleLines(text: string): boolean {
  return isVisible(text.replace(/[\n\t]/g, " "));
}

/** `value` as JSON on one line, with the same characters as escapes of JSON: it parses to the same value. */
export function visibleJson(value: unknown, replacer?: (key: string, value: unknown) => unknown): string {
  // Outside of strings JSON has none of these characters.
  return visibleText(JSON.stringify(value, replacer));
}

function escaped(hidden: string): string {
  const short = SHORT[hidden];
  if (short !== undefined) return short;
  let text = "";
  for (let k = 0; k < hidden.length; k++) text += `\\u${hidden.charCodeAt(k).toString(16).padStart(4, "0")}`;
  return text;
}
