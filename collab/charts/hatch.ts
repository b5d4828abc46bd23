/** Bands over a stretch of a plot: hatched, with edges and a label, so that nobody mistakes them for data. */
import type { ChartColours } from "./colours.ts";
import { fitText, font } from "./text.ts";

export interface Band {
  left: number;
  right: number;
  top: number;
  height: number;
}

/** Pixels between two strokes. */
const PITCH = 8;
const LABEL_HEIGHT = 17;
/** A narrower band has no room for a label. */
const LABEL_ROOM = 40;

const patterns = new Map<string, CanvasPattern | null>();

/** Hatches bands of one height. Where bands overlap, each place is hatched once. */
export function drawHatch(context: CanvasRenderingContext2D, colour: string, bands: readonly Band[]): void {
  const pattern = patternOf(context, colour) ?? colour;
  context.save();
  for (const { left, right, top, height } of joinBands(bands)) {
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
export function joinBands(bands: readonly Band[]): Band[] {
  const places: Band[] = [];
  for (const band of [...bands].sort((a, b) => a.left - b.left)) {
    const last = places.at(-1);
    if (last !== undefined && band.left <= last.right) last.right = Math.max(last.right, band.right);
    else places.push({ ...band });
  }
  return places;
}

/** The edges of a band that lie in the plot, and its label. */
export function drawBandLabel(
  context: CanvasRenderingContext2D,
  { colour, onColour, plotWidth }: { colour: string; onColour: ChartColours["onColour"]; plotWidth: number },
  { left, right, top, height }: Band,
  label: string,
): void {
  context.fillStyle = colour;
  if (left >= 0) context.fillRect(Math.round(left), top, 1, height);
  if (right <= plotWidth) context.fillRect(Math.round(right), top, 1, height);
  const from = Math.max(0, left);
  const room = Math.min(plotWidth, right) - from;
  if (room < LABEL_ROOM) return;
  context.font = font(11, 650);
  const text = fitText(context, label, room - 14);
  const width = context.measureText(text).width + 12;
  context.beginPath();
  context.roundRect(from + 1, top + 1, width, LABEL_HEIGHT, 3);
  context.fill();
  context.fillStyle = onColour;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(text, from + 7, top + 1 + LABEL_HEIGHT / 2 + 0.5);
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
