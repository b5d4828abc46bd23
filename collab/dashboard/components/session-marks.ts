/** Marks on all charts of a session over time: its events, and hatching over injected data. */
import { MARK_MADE } from "../../../protocol/mark-command.ts";
import type { EventMessage } from "../../../protocol/messages.ts";
import { type Band, drawBandLabel, drawHatch } from "../../charts/hatch.ts";
import { xOf } from "../../charts/time-axis.ts";
import type { TimeFrame } from "../../charts/time-frame.ts";
import type { Injection } from "../model/injections.ts";
import type { Model } from "../model/model.ts";
import { thinned } from "../model/thinned-events.ts";
import type { View } from "../model/view.ts";
import { theme } from "../theme/theme.ts";

/** Events of the shown group, or of no group, within the plot. */
export function eventsInPlot({ time, plotWidth }: TimeFrame, model: Model, view: View): EventMessage[] {
  const group = view.groupName.peek();
  return model.events
    .peek()
    .map(placed)
    .filter((event) => {
      const x = xOf(event.timeUs, time);
      return x >= 0 && x <= plotWidth && (event.group === "" || event.group === group);
    });
}

/** What a person marked stands where it happened. */
function placed(event: EventMessage): EventMessage {
  const { atUs } = event.detail;
  return event.kind === MARK_MADE && typeof atUs === "number" ? { ...event, timeUs: atUs } : event;
}

/** Lines of events stand at least about so far apart: what they mark can still be read between them. */
const LINES_APART_PX = 24;

/** A thin dashed line per event, in the colour of its severity. */
export function drawEventLines(frame: TimeFrame, all: readonly EventMessage[]): void {
  const { context, time, plotHeight } = frame;
  const events = thinned(all, time, LINES_APART_PX);
  const { severity, muted } = theme.peek();
  for (const event of events) {
    const x = Math.round(xOf(event.timeUs, time));
    context.globalAlpha = event.severity === "info" ? 0.25 : event.severity === "notice" ? 0.45 : 0.8;
    context.fillStyle = severity[event.severity] ?? muted;
    for (let y = 0; y < plotHeight; y += 6) context.fillRect(x, y, 1, 3);
  }
  context.globalAlpha = 1;
}

/** The shape of a severity: circle, diamond, triangle, square. Different without colour, too. */
export function drawEventMark(
  context: CanvasRenderingContext2D,
  severity: string,
  x: number,
  y: number,
  r: number,
): void {
  context.beginPath();
  if (severity === "critical") {
    context.rect(x - r * 0.85, y - r * 0.85, r * 1.7, r * 1.7);
  } else if (severity === "warning") {
    context.moveTo(x, y - r);
    context.lineTo(x + r, y + r * 0.8);
    context.lineTo(x - r, y + r * 0.8);
  } else if (severity === "notice") {
    context.moveTo(x, y - r);
    context.lineTo(x + r, y);
    context.lineTo(x, y + r);
    context.lineTo(x - r, y);
  } else {
    context.arc(x, y, r * 0.7, 0, 2 * Math.PI);
  }
  context.closePath();
  context.fill();
}

/** Hatches and labels the injections that `isShown` selects, in an area of the plot. */
export function drawInjections(
  { context, colours, time, plotWidth }: TimeFrame,
  injections: readonly Injection[],
  area: { top: number; height: number },
  isShown: (injection: Injection) => boolean,
): void {
  const colour = theme.peek().injected;
  const hatched: Band[] = [];
  const labelled: { band: Band; what: string }[] = [];
  for (const injection of injections) {
    const left = xOf(injection.fromUs, time);
    const right = xOf(injection.untilUs, time);
    if (right < 0 || left > plotWidth || !isShown(injection)) continue;
    // An edge outside the plot stays outside, so that it is not drawn.
    const band = { ...area, left: Math.max(-1, left), right: Math.min(plotWidth + 1, right) };
    hatched.push({ ...band, right: Math.min(plotWidth, band.right) });
    labelled.push({ band, what: injection.what });
  }
  drawHatch(context, colour, hatched);
  for (const { band, what } of labelled)
    drawBandLabel(context, { colour, onColour: colours.onColour, plotWidth }, band, `injected: ${what}`);
}
