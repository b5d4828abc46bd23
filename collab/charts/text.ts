/** Text in canvases: the page's typeface, and text cut to the room there is. */

let families = "";

/** The page's typeface at a size: its style sheet names it, the canvas repeats it. */
export function font(sizePx: number, weight = 400): string {
  if (families === "") families = getComputedStyle(document.body).fontFamily;
  return `${weight} ${sizePx}px ${families}`;
}

/**
 * `text` cut to `width` in the context's font, with "…" where it is cut: at its end, or before `kept`, which is shown in place of the rest. Names
 * from outside have any length.
 */
export function fitText(
  context: CanvasRenderingContext2D,
  text: string,
  width: number,
  brief = { begin: text, kept: "" },
): string {
  const fits = (shown: string) => context.measureText(shown).width <= width;
  if (fits(text)) return text;
  const { begin, kept } = brief;
  let short = begin;
  while (short.length > 1 && !fits(`${short}…${kept}`)) short = short.slice(0, -1);
  // What tells names apart is worth more than one character of what begins them.
  return fits(`${short}…${kept}`) || kept === "" ? `${short}…${kept}` : fitText(context, `…${kept}`, width);
}
