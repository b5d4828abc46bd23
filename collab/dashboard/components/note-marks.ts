/** Notes on charts over time: a band over their stretch of time in the author's colour, and a mark at its begin with how many wrote. */
import { font } from "../../charts/text.ts";
import { xOf } from "../../charts/time-axis.ts";
import type { TimeFrame } from "../../charts/time-frame.ts";
import type { Notes, Thread } from "../model/notes.ts";
import { colourOf } from "../model/people.ts";
import type { View } from "../model/view.ts";
import { theme } from "../theme/theme.ts";

const MARK_WIDTH = 17;
const MARK_HEIGHT = 14;
/** Room below the mark for its tip, which points at the time. */
const TIP = 4;
/** A finger is wider than a mark. */
const REACH = 14;

/** Bands of the notes that `isShown` selects, over an area of the plot. Below the lines, so that these stay what they are. */
export function drawNoteBands(
  { context, time, plotWidth }: TimeFrame,
  notes: Notes,
  area: { readonly top: number; readonly height: number },
  isShown: (thread: Thread) => boolean,
): void {
  for (const thread of notes.threads.peek()) {
    const { note } = thread;
    if (note.isResolved || !isShown(thread)) continue;
    const left = Math.round(xOf(note.fromUs, time));
    const right = Math.round(xOf(note.untilUs, time));
    if (right < 0 || left > plotWidth) continue;
    const isOpen = notes.open.peek() === note.id;
    const from = Math.max(0, left);
    context.fillStyle = colourOfNote(thread);
    context.globalAlpha = isOpen ? 0.2 : 0.1;
    context.fillRect(from, area.top, Math.min(plotWidth, right) - from, area.height);
    context.globalAlpha = isOpen ? 0.9 : 0.5;
    if (left >= 0) context.fillRect(left, area.top, 1, area.height);
    if (right <= plotWidth) context.fillRect(right, area.top, 1, area.height);
    context.globalAlpha = 1;
  }
}

/** Marks at the bottom of the plot; hollow where the note is resolved. */
export function drawNoteMarks(
  { context, colours, time, plotWidth, plotHeight }: TimeFrame,
  notes: Notes,
): void {
  const open = notes.open.peek();
  const top = plotHeight - MARK_HEIGHT - TIP;
  context.font = font(10, 700);
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const thread of [...notes.threads.peek()].reverse()) {
    const { note, replies } = thread;
    const x = Math.round(xOf(note.fromUs, time));
    if (x < 0 || x > plotWidth) continue;
    const colour = colourOfNote(thread);
    const left = Math.min(Math.max(0, x - MARK_WIDTH / 2), plotWidth - MARK_WIDTH);
    context.beginPath();
    context.roundRect(left, top, MARK_WIDTH, MARK_HEIGHT, 4);
    context.moveTo(x - 4, top + MARK_HEIGHT);
    context.lineTo(x, top + MARK_HEIGHT + TIP);
    context.lineTo(x + 4, top + MARK_HEIGHT);
    context.fillStyle = note.isResolved ? colours.panel : colour;
    context.fill();
    context.strokeStyle = note.id === open ? colours.text : colour;
    context.lineWidth = note.id === open ? 2 : 1;
    context.stroke();
    context.fillStyle = note.isResolved ? colour : colours.onColour;
    context.fillText(String(1 + replies.length), left + MARK_WIDTH / 2, top + MARK_HEIGHT / 2 + 0.5);
  }
}

/** The thread whose mark lies at a place of the plot. */
export function threadAt({ time, plotHeight }: TimeFrame, notes: Notes, x: number, y: number): Thread | null {
  if (y < plotHeight - MARK_HEIGHT - TIP - REACH / 2 || y > plotHeight + REACH / 2) return null;
  let nearest: Thread | null = null;
  let least = REACH;
  for (const thread of notes.threads.peek()) {
    const away = Math.abs(xOf(thread.note.fromUs, time) - x);
    if (away >= least) continue;
    least = away;
    nearest = thread;
  }
  return nearest;
}

/** Shows a thread and its moment. */
export function openThread({ note }: Thread, notes: Notes, view: View): void {
  notes.open.value = note.id;
  view.list.value = "notes";
  view.jumpToRange(note);
}

function colourOfNote({ note }: Thread): string {
  const { lines, accent } = theme.peek();
  return lines[colourOf(note.by, lines.length)] ?? accent;
}
