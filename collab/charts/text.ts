/** Text in canvases: the page's typeface, and text cut to the room there is. */

let families = "";

/** The page's typeface at a size: its style sheet names it, the canvas repeats it. */
export function font(sizePx: number, weight = 400): string {
  if (families === "") families = getComputedStyle(document.body).fontFamily;
  return `${weight} ${sizePx}px ${families}`;
}

/** `text` cut to `width` in the context's font, with "…" at its end. Names from outside have any length. */
export function fitText(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let short = text;
  while (short.length > 1 && context.measureText(`${short}…`).width > width) short = short.slice(0, -1);
  return `${short}…`;
}
