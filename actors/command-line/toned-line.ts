/**
 * Lines for people whose parts have a tone, which a terminal shows by colour.
 *
 * Colour adds nothing that the words do not say. There is none where the output is no terminal, where NO_COLOR is set (no-color.org), or where the
 * terminal is dumb.
 */
import { visibleText } from "../../protocol/visible-text.ts";

export type Tone = "strong" | "faint" | "notice" | "warning" | "critical";

/** A part of a line, with its tone where it has one. */
export type Part = string | readonly [tone: Tone, text: string];

/** Select graphic rendition (ECMA-48): colours of the person's own palette, so that they can be read on light and dark. */
const CODES: Readonly<Record<Tone, string>> = {
  strong: "1",
  faint: "2",
  notice: "36",
  warning: "33",
  critical: "1;31",
};

/** Text from outside stays text: only tones add escape sequences. */
export function tonedLine(parts: readonly Part[], isColoured: boolean): string {
  return parts
    .map((part) => {
      if (typeof part === "string") return visibleText(part);
      const [tone, text] = part;
      return isColoured ? `\x1b[${CODES[tone]}m${visibleText(text)}\x1b[0m` : visibleText(text);
    })
    .join("");
}

export function showsColour(
  output: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return output.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb";
}
