/**
 * What a picture over time is drawn into, and the marks that all such pictures share.
 *
 *     ┌───────────────────────┬────────┐
 *     │ plot                  │ values │ ← tag of the last value
 *     ├───────────────────────┼────────┘
 *     │ times                 │
 *     └───────────────────────┘
 */
import type { ChartColours } from "./colours.ts";
import { clock, day, dayNumber, timeLabel } from "./format.ts";
import { fitText, font } from "./text.ts";
import { endOf, startOf, type TimeView, timeMarks, timeStep, xOf } from "./time-axis.ts";
import { zoneLabel, zoneOffsetUs } from "./zone.ts";

export interface TimeFrame {
  readonly context: CanvasRenderingContext2D;
  colours: ChartColours;
  time: TimeView;
  /** Of the whole chart. */
  width: number;
  height: number;
  /** Of the plot, without the labels of the axes. */
  plotWidth: number;
  plotHeight: number;
}

/** Room for the labels of the value axis and for those of the time axis. */
export const GUTTER_RIGHT = 58;
export const GUTTER_BOTTOM = 22;

/** Labels of the time axis stand at least this far apart. */
const MARKS_APART = 96;

export const TAG_HEIGHT = 16;

/** Of names at the cursors of others. */
const NAME_WIDTH = 120;
const NAME_HEIGHT = 15;
const NAMES_BELOW = 4;

export function drawTimeGrid({ context, colours, time, plotWidth, plotHeight }: TimeFrame): void {
  const step = timeStep(time, MARKS_APART);
  const marks = timeMarks(time, MARKS_APART, zoneOffsetUs);
  context.fillStyle = colours.grid;
  for (const mark of marks) {
    const x = Math.round(xOf(mark, time));
    if (x >= 0 && x < plotWidth) context.fillRect(x, 0, 1, plotHeight);
  }
  context.font = font(11);
  context.fillStyle = colours.muted;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const mark of marks) {
    const x = Math.round(xOf(mark, time));
    // The zone stands at the right.
    if (x > 26 && x < plotWidth - 12)
      context.fillText(timeLabel(mark, step), x, plotHeight + GUTTER_BOTTOM / 2 + 1);
  }
  context.textAlign = "left";
  context.font = font(10.5);
  context.fillText(zoneLabel(endOf(time)), plotWidth + 8, plotHeight + GUTTER_BOTTOM / 2 + 1);
}

/** The dashed line of the cursor, and its time below. */
export function drawCursorLine(frame: TimeFrame, timeUs: number, x: number): void {
  const { context, colours, time, plotWidth, plotHeight } = frame;
  context.fillStyle = colours.muted;
  context.globalAlpha = 0.9;
  const pixel = Math.round(x);
  for (let y = 0; y < plotHeight; y += 5) context.fillRect(pixel, y, 1, 3);
  context.globalAlpha = 1;
  const at = clock(timeUs, time.columnUs < 2e5 ? 1e3 : 1e6);
  // Of a picture of several days the time alone says little.
  const text = dayNumber(startOf(time)) === dayNumber(endOf(time)) ? at : `${day(timeUs)} ${at}`;
  context.font = font(11, 600);
  const width = context.measureText(text).width + 12;
  const left = Math.min(Math.max(0, x - width / 2), plotWidth - width);
  context.fillStyle = colours.text;
  context.beginPath();
  context.roundRect(left, plotHeight + 2, width, GUTTER_BOTTOM - 4, 4);
  context.fill();
  context.fillStyle = colours.panel;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, left + width / 2, plotHeight + GUTTER_BOTTOM / 2 + 1);
}

/** A thin line in the colour of each person, with the name below the top of the plot. */
export function drawOtherCursors(
  { context, colours, time, plotWidth, plotHeight }: TimeFrame,
  cursors: readonly { readonly timeUs: number; readonly name: string; readonly colour: string }[],
): void {
  context.font = font(10.5, 600);
  context.textAlign = "left";
  context.textBaseline = "middle";
  cursors.forEach(({ timeUs, name, colour }, k) => {
    const x = Math.round(xOf(timeUs, time));
    context.fillStyle = colour;
    context.fillRect(x, 0, 1, plotHeight);
    const text = fitText(context, name, NAME_WIDTH);
    const width = context.measureText(text).width + 10;
    // At the right edge the name stands on the other side.
    const left = x + 1 + width <= plotWidth ? x + 1 : x - width;
    // Names of people who point at about the same place stand below each other.
    const top = (k % NAMES_BELOW) * (NAME_HEIGHT + 1);
    context.beginPath();
    context.roundRect(left, top, width, NAME_HEIGHT, 3);
    context.fill();
    context.fillStyle = colours.onColour;
    context.fillText(text, left + 5, top + NAME_HEIGHT / 2 + 0.5);
  });
}

/** What a person is marking: a band, or a line at a moment. */
export function drawMarked(
  { context, colours, time, plotWidth, plotHeight }: TimeFrame,
  { fromUs, untilUs }: { readonly fromUs: number; readonly untilUs: number },
): void {
  const left = Math.max(0, Math.round(xOf(fromUs, time)));
  const right = Math.min(plotWidth, Math.round(xOf(untilUs, time)));
  if (right < 0 || left > plotWidth) return;
  context.fillStyle = colours.accent;
  context.globalAlpha = 0.16;
  context.fillRect(left, 0, right - left, plotHeight);
  context.globalAlpha = 1;
  context.fillRect(left, 0, 1, plotHeight);
  context.fillRect(right, 0, 1, plotHeight);
}

/** Where the cursor meets a line. */
export function drawCursorDot({ context, colours }: TimeFrame, colour: string, x: number, y: number): void {
  context.fillStyle = colour;
  context.strokeStyle = colours.panel;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(Math.round(x) + 0.5, y, 4, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
}

/** The value where the cursor meets a line, beside it. */
export function drawCursorValue(
  { context, colours, plotWidth }: TimeFrame,
  text: string,
  x: number,
  y: number,
): void {
  context.font = font(12, 600);
  const width = context.measureText(text).width + 10;
  const left = x + 10 + width < plotWidth ? x + 10 : x - 10 - width;
  context.fillStyle = colours.raised;
  context.beginPath();
  context.roundRect(left, y - 9, width, 18, 4);
  context.fill();
  context.fillStyle = colours.text;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(text, left + 5, y + 0.5);
}

/** The last value of a line, at the value axis. */
export function drawValueTag(frame: TimeFrame, colour: string, text: string, y: number): void {
  const { context, colours, width, plotWidth } = frame;
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(plotWidth + 3, y - TAG_HEIGHT / 2, width - plotWidth - 4, TAG_HEIGHT, 3);
  context.fill();
  context.fillStyle = colours.onColour;
  context.font = font(11, 600);
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(text, plotWidth + 8, y + 0.5);
}
