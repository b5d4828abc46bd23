/**
 * The Bloch vector of one qubit: the sphere seen from the front right and a little above, the vector, and its way through the shown stretch of time.
 *
 *         |0⟩
 *      ╭───┼───╮        x towards the viewer and left, y to the right, z up
 *      │   ●───┼─ y
 *      ╰─x─┼───╯
 *         |1⟩
 */
import { Columns } from "../../../charts/columns.ts";
import { font } from "../../../charts/text.ts";
import { type BlochVector, blochVector } from "../../model/measures.ts";
import type { View } from "../../model/view.ts";
import { theme } from "../../theme/theme.ts";
import type { MomentPicture } from "./moment-chart.ts";

/** Of the way, however long it is. */
const MOST_POINTS = 1_000;
/** The way is drawn in so many shades. */
const SHADES = 8;
/** Room for the names of the poles. */
const MARGIN = 22;
const AZIMUTH = (30 * Math.PI) / 180;
const ELEVATION = (18 * Math.PI) / 180;
const [SIN_A, COS_A] = [Math.sin(AZIMUTH), Math.cos(AZIMUTH)];
const [SIN_E, COS_E] = [Math.sin(ELEVATION), Math.cos(ELEVATION)];

interface Point {
  readonly x: number;
  readonly y: number;
  /** Towards the viewer. */
  readonly depth: number;
}

/** Orthographic: right, up and towards the viewer of a point of the sphere. */
export function project({ x, y, z }: Pick<BlochVector, "x" | "y" | "z">): Point {
  const right = y * COS_A - x * SIN_A;
  const front = y * SIN_A + x * COS_A;
  return { x: right, y: z * COS_E - front * SIN_E, depth: front * COS_E + z * SIN_E };
}

export const BLOCH: MomentPicture = {
  everyMs: 100,
  showsPast: true,
  paint({ context, width, height }, moment, view) {
    if (moment.n !== 2) return;
    context.save();
    context.translate(width / 2, height / 2);
    const radius = Math.max(1, Math.min(width, height) / 2 - MARGIN);
    drawSphere(context, radius, view);
    drawWay(context, radius, moment.timeUs, view);
    drawVector(context, radius, blochVector(moment.re, moment.im));
    context.restore();
  },
};

function drawSphere(context: CanvasRenderingContext2D, radius: number, view: View): void {
  const { grid, muted, faint } = theme.peek();
  context.lineWidth = 1;
  context.strokeStyle = faint;
  context.beginPath();
  context.arc(0, 0, radius, 0, 2 * Math.PI);
  context.stroke();
  context.strokeStyle = grid;
  // The equator and the meridians of x and y.
  for (const circle of [
    (c: number, s: number) => ({ x: c, y: s, z: 0 }),
    (c: number, s: number) => ({ x: c, y: 0, z: s }),
    (c: number, s: number) => ({ x: 0, y: c, z: s }),
  ]) {
    context.beginPath();
    for (let k = 0; k <= 72; k++) {
      const at = (k * Math.PI) / 36;
      const { x, y } = project(circle(Math.cos(at), Math.sin(at)));
      context.lineTo(x * radius, -y * radius);
    }
    context.stroke();
  }
  context.font = font(11.5);
  context.fillStyle = muted;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const [up, down] = levelNames(view);
  for (const [name, x, y, z] of [
    [up, 0, 0, 1],
    [down, 0, 0, -1],
    ["x", 1, 0, 0],
    ["y", 0, 1, 0],
  ] as const) {
    const at = project({ x, y, z });
    context.fillText(name, at.x * (radius + 12), -at.y * (radius + 13));
  }
}

function levelNames(view: View): [string, string] {
  const [up, down] = view.group?.channels ?? [];
  return [up?.title ?? "|0⟩", down?.title ?? "|1⟩"];
}

/** Where it was within the stretch of time that the charts show, up to the moment. */
function drawWay(context: CanvasRenderingContext2D, radius: number, untilUs: number, view: View): void {
  const { measures } = view.group?.joint ?? {};
  const widthUs = Math.max(1, view.spanUs.peek() / MOST_POINTS);
  const [x, y, z] = ["blochX", "blochY", "blochZ"].map((name) => {
    const columns = new Columns(widthUs, MOST_POINTS + 2);
    measures?.get(name)?.fill(columns, untilUs - MOST_POINTS * widthUs, untilUs + 1);
    return columns;
  }) as [Columns, Columns, Columns];
  const points: Point[] = [];
  for (let a = x.oldest; a <= x.newest; a++) {
    const at = { x: x.last(a), y: y.last(a), z: z.last(a) };
    if (!Number.isNaN(at.x + at.y + at.z)) points.push(project(at));
  }
  context.strokeStyle = theme.peek().accent;
  context.lineWidth = 1.25;
  context.lineJoin = "round";
  for (let shade = 0; shade < SHADES; shade++) {
    const from = Math.floor(((points.length - 1) * shade) / SHADES);
    const to = Math.floor(((points.length - 1) * (shade + 1)) / SHADES);
    context.globalAlpha = 0.12 + (0.6 * (shade + 1)) / SHADES;
    context.beginPath();
    for (const point of points.slice(from, to + 1)) context.lineTo(point.x * radius, -point.y * radius);
    context.stroke();
  }
  context.globalAlpha = 1;
}

function drawVector(context: CanvasRenderingContext2D, radius: number, vector: BlochVector): void {
  const { measures, accent, panel } = theme.peek();
  const { x, y } = project(vector);
  context.strokeStyle = measures[0] ?? accent;
  context.fillStyle = measures[0] ?? accent;
  context.lineWidth = 2.5;
  context.lineCap = "round";
  context.beginPath();
  context.moveTo(0, 0);
  context.lineTo(x * radius, -y * radius);
  context.stroke();
  context.beginPath();
  context.arc(x * radius, -y * radius, 5.5, 0, 2 * Math.PI);
  context.fill();
  context.strokeStyle = panel;
  context.lineWidth = 1.5;
  context.stroke();
}
