/**
 * Takes what a picture draws and writes it as SVG: the same calls as on a canvas, so that what is saved is what was seen.
 *
 * It has the part of CanvasRenderingContext2D that pictures over time use. Text is measured by a real one. A pattern becomes its colour.
 */
export class SvgBrush {
  fillStyle: string | CanvasPattern = "#000";
  strokeStyle = "#000";
  globalAlpha = 1;
  lineWidth = 1;
  lineJoin: CanvasLineJoin = "miter";
  font = "";
  textAlign: CanvasTextAlign = "left";
  textBaseline: CanvasTextBaseline = "alphabetic";
  readonly #measures: Pick<CanvasRenderingContext2D, "font" | "measureText">;
  readonly #elements: string[] = [];
  /** Groups that are open because of a clip, for each `save`. */
  readonly #saved: { state: Saved; clips: number }[] = [];
  #clips = 0;
  #clipIds = 0;
  #colour = "#000";
  #path = "";

  constructor(measures: Pick<CanvasRenderingContext2D, "font" | "measureText">) {
    this.#measures = measures;
  }

  /** The whole picture, of this size in px. */
  document(width: number, height: number): string {
    const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
    return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>\n${this.#elements.join("\n")}${"</g>".repeat(this.#clips)}\n</svg>\n`;
  }

  // ---- paths ----------------------------------------------------------------------------------------------------

  beginPath(): void {
    this.#path = "";
  }

  moveTo(x: number, y: number): void {
    this.#path += `M${short(x)} ${short(y)}`;
  }

  lineTo(x: number, y: number): void {
    this.#path += `${this.#path === "" ? "M" : "L"}${short(x)} ${short(y)}`;
  }

  closePath(): void {
    this.#path += "Z";
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.#path += `M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}Z`;
  }

  roundRect(x: number, y: number, width: number, height: number, radius: number): void {
    const r = Math.max(0, Math.min(radius, width / 2, height / 2));
    const corner = (dx: number, dy: number) => `a${short(r)} ${short(r)} 0 0 1 ${short(dx)} ${short(dy)}`;
    const [w, h] = [width - 2 * r, height - 2 * r];
    this.#path += `M${short(x + r)} ${short(y)}h${short(w)}${corner(r, r)}v${short(h)}${corner(-r, r)}h${short(-w)}${corner(-r, -r)}v${short(-h)}${corner(r, -r)}Z`;
  }

  /** Whole circles alone. */
  arc(x: number, y: number, radius: number): void {
    const half = (dx: number) => `a${short(radius)} ${short(radius)} 0 1 1 ${short(dx)} 0`;
    this.#path += `M${short(x - radius)} ${short(y)}${half(2 * radius)}${half(-2 * radius)}`;
  }

  fill(): void {
    this.#add(`<path d="${this.#path}" fill="${escaped(this.#filling)}"${this.#alpha}/>`);
  }

  stroke(): void {
    const { lineWidth, lineJoin, strokeStyle } = this;
    const line = `stroke-width="${lineWidth}" stroke-linejoin="${lineJoin}"`;
    this.#add(`<path d="${this.#path}" fill="none" stroke="${escaped(strokeStyle)}" ${line}${this.#alpha}/>`);
  }

  /** What follows is drawn within the path, until `restore`. */
  clip(): void {
    const id = `clip${++this.#clipIds}`;
    this.#add(`<clipPath id="${id}"><path d="${this.#path}"/></clipPath><g clip-path="url(#${id})">`);
    this.#clips++;
  }

  // ---- shapes and text ------------------------------------------------------------------------------------------

  fillRect(x: number, y: number, width: number, height: number): void {
    const [left, top] = [Math.min(x, x + width), Math.min(y, y + height)];
    const size = `width="${short(Math.abs(width))}" height="${short(Math.abs(height))}"`;
    this.#add(
      `<rect x="${short(left)}" y="${short(top)}" ${size} fill="${escaped(this.#filling)}"${this.#alpha}/>`,
    );
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.#path = "";
    this.rect(x, y, width, height);
    this.stroke();
  }

  fillText(text: string, x: number, y: number): void {
    const [, weight = "400", size = "12", family = "sans-serif"] =
      /^(\S+) ([\d.]+)px (.*)$/.exec(this.font) ?? [];
    const about = `font-family="${escaped(family)}" font-size="${size}" font-weight="${escaped(weight)}"`;
    const anchor = ANCHORS[this.textAlign];
    const baseline = this.textBaseline === "middle" ? "central" : "alphabetic";
    this.#add(
      `<text x="${short(x)}" y="${short(y)}" ${about} text-anchor="${anchor}" dominant-baseline="${baseline}" fill="${escaped(this.#filling)}"${this.#alpha}>${escaped(text)}</text>`,
    );
  }

  measureText(text: string): TextMetrics {
    this.#measures.font = this.font;
    return this.#measures.measureText(text);
  }

  createPattern(): null {
    return null;
  }

  // ---- state ----------------------------------------------------------------------------------------------------

  save(): void {
    const { fillStyle, strokeStyle, globalAlpha, lineWidth, lineJoin, font, textAlign, textBaseline } = this;
    const state = { fillStyle, strokeStyle, globalAlpha, lineWidth, lineJoin, font, textAlign, textBaseline };
    this.#saved.push({ state, clips: this.#clips });
  }

  restore(): void {
    const saved = this.#saved.pop();
    if (saved === undefined) return;
    if (this.#clips > saved.clips) this.#add("</g>".repeat(this.#clips - saved.clips));
    this.#clips = saved.clips;
    Object.assign(this, saved.state);
  }

  /** A pattern is drawn in the colour before it, which it was made of. */
  get #filling(): string {
    if (typeof this.fillStyle === "string") this.#colour = this.fillStyle;
    return this.#colour;
  }

  get #alpha(): string {
    return this.globalAlpha === 1 ? "" : ` opacity="${this.globalAlpha}"`;
  }

  #add(element: string): void {
    this.#elements.push(element);
  }
}

type Saved = Pick<
  SvgBrush,
  | "fillStyle"
  | "strokeStyle"
  | "globalAlpha"
  | "lineWidth"
  | "lineJoin"
  | "font"
  | "textAlign"
  | "textBaseline"
>;

const ANCHORS: Readonly<Record<CanvasTextAlign, string>> = {
  left: "start",
  start: "start",
  center: "middle",
  right: "end",
  end: "end",
};

/** A hundredth of a pixel is more than anybody sees. */
function short(px: number): string {
  return String(Math.round(px * 100) / 100);
}

/** Names come from outside. */
function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
