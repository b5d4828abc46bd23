/** Text in canvases: the page's typeface, and text cut to the room there is. */

let families = "";

/** The page's typeface at a size: its style sheet names it, the canvas repeats it. */
export function font(sizePx: number, weight = 400): string {
  if (families === "") families = getComputedStyle(document.body).fontFamily;
  return `${weight} ${sizePx}px ${families}`;
}

/**
 * `text` cut to `width` in the context's font, with "…" where it is cut: at its end, or, where `brief` says what of it is to be kept, first in the
 * rest after that and then in what begins it. Names from outside have any length.
 */
export function fitText(
  context: CanvasRenderingContext2D,
  text: string,
  width: number,
  { begin, kept, rest } = { begin: "", kept: "", rest: text },
): string {
  const fits = (shown: string) => context.measureText(shown).width <= width;
  if (fits(text)) return text;
  for (let length = rest.length - 1; length >= 0; length--) {
    const shown = `${begin}${kept}${rest.slice(0, length)}…`;
    if (fits(shown) || (length <= 1 && begin + kept === "")) return shown;
  }
  const ended = rest === "" ? kept : `${kept}…`;
  // What tells names apart is worth more than one character of what begins them.
  for (let length = begin.length - 1; length > 0; length--) {
    const shown = `${begin.slice(0, length)}…${ended}`;
    if (fits(shown)) return shown;
  }
  return fitText(context, begin === "" ? ended : `…${ended}`, width);
}
