/** Stretches of data that are not real: hatched, with edges and a label, so that nobody takes them for what was measured. */
import type { Injection } from "../dashboard/model/injections.ts";
import type { Theme } from "../dashboard/theme/theme.ts";
import { font } from "./surface.ts";
import { fitting } from "./text.ts";

export interface Band {
  left: number;
  right: number;
  top: number;
  height: number;
}

/** Pixels between two strokes. */
const PITCH = 8;
const LABEL_HEIGHT = 17;

const patterns = new Map<string, CanvasPattern | null>();

/** `bands`: of one height. Each place is hatched once, however many of them lie over it. */
export function drawHatch(context: CanvasRenderingContext2D, theme: Theme, bands: readonly Band[]): void {
  const colour = injectedColour(theme);
  const pattern = patternOf(context, colour) ?? colour;
  context.save();
  for (const { left, right, top, height } of joined(bands)) {
    context.fillStyle = colour;
    context.globalAlpha = 0.07;
    context.fillRect(left, top, right - left, height);
    context.globalAlpha = 0.3;
    context.fillStyle = pattern;
    context.fillRect(left, top, right - left, height);
  }
  context.restore();
}

/** The places that any of the bands covers, from left to right, each once. */
export function joined(bands: readonly Band[]): Band[] {
  const places: Band[] = [];
  for (const band of [...bands].sort((a, b) => a.left - b.left)) {
    const last = places.at(-1);
    if (last !== undefined && band.left <= last.right) last.right = Math.max(last.right, band.right);
    else places.push({ ...band });
  }
  return places;
}

/** The band's edges where they are in the picture, and what was injected. */
export function drawInjectedLabel(
  context: CanvasRenderingContext2D,
  theme: Theme,
  band: Band,
  injection: Injection,
  plotWidth: number,
): void {
  const { left, right, top, height } = band;
  context.fillStyle = injectedColour(theme);
  if (left >= 0) context.fillRect(Math.round(left), top, 1, height);
  if (right <= plotWidth) context.fillRect(Math.round(right), top, 1, height);
  const from = Math.max(0, left);
  const room = Math.min(plotWidth, right) - from;
  if (room < 40) return;
  context.font = font(11, 650);
  const text = fitting(context, `injected: ${injection.what}`, room - 14);
  const width = context.measureText(text).width + 12;
  context.beginPath();
  context.roundRect(from + 1, top + 1, width, LABEL_HEIGHT, 3);
  context.fill();
  context.fillStyle = theme.onColour;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(text, from + 7, top + 1 + LABEL_HEIGHT / 2 + 0.5);
}

export function injectedColour(theme: Theme): string {
  return theme.severity["warning"] ?? theme.text;
}

function patternOf(context: CanvasRenderingContext2D, colour: string): CanvasPattern | null {
  let pattern = patterns.get(colour);
  if (pattern === undefined) {
    const tile = document.createElement("canvas");
    tile.width = PITCH;
    tile.height = PITCH;
    const brush = tile.getContext("2d");
    if (brush !== null) {
      brush.strokeStyle = colour;
      brush.lineWidth = 1.5;
      for (const shift of [-PITCH, 0, PITCH]) {
        brush.moveTo(shift - 1, PITCH + 1);
        brush.lineTo(shift + PITCH + 1, -1);
      }
      brush.stroke();
    }
    pattern = context.createPattern(tile, "repeat");
    patterns.set(colour, pattern);
  }
  return pattern;
}
