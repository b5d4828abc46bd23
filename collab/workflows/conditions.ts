/** How an automatic step stands: met, on its way, or never to be met. */
import type { SessionStanding } from "../../protocol/controls.ts";
import type { Automatic } from "../../protocol/workflow.ts";
import type { Look } from "./watched-session.ts";

export interface Standing {
  readonly state: "running" | "done" | "failed";
  /** What it waits for, what it found, or why it failed. */
  readonly note: string;
  readonly progress?: { readonly done: number; readonly of: number };
}

/** Feeds in these states bring samples, or have brought all. */
const CONNECTED: ReadonlySet<string> = new Set(["opened", "running", "gap", "ended"]);
const OVER: ReadonlySet<string> = new Set(["ended", "failed"]);

/** Names in one note: it is read at a glance. */
const MOST_NAMED = 4;

/** `look`: null while the session's partitions do not say. */
export function standingOf(automatic: Automatic, look: Look | null): Standing {
  if (look === null) return { state: "running", note: "waits for the owners of the session's partitions" };
  const { standing, rows } = look;
  if ("rows" in automatic) return rowsStanding(automatic.rows, standing, rows);
  switch (automatic.until) {
    case "connected":
      return connectedStanding(standing);
    case "warm":
      return warmStanding(standing);
    case "calm": {
      const { incidents: open } = standing;
      return open === 0
        ? { state: "done", note: "no incident is open" }
        : { state: "running", note: `${counts(open, "incident is", "incidents are")} open` };
    }
    default:
      return unreachable(automatic.until);
  }
}

function connectedStanding({ feeds }: SessionStanding): Standing {
  const failed = feeds.find(({ status }) => status === "failed");
  if (failed !== undefined)
    return { state: "failed", note: `feed ${failed.source} has failed: ${failed.detail}` };
  const waiting = feeds.filter(({ status }) => !CONNECTED.has(status));
  const progress = { done: feeds.length - waiting.length, of: Math.max(1, feeds.length) };
  if (feeds.length === 0) return { state: "running", note: "no feed has reported yet", progress };
  if (waiting.length === 0)
    return { state: "done", note: `${counts(feeds.length, "feed is", "feeds are")} connected` };
  return { state: "running", note: `waits for ${named(waiting.map(({ source }) => source))}`, progress };
}

function warmStanding(session: SessionStanding): Standing {
  const { groups } = session;
  const learning = groups.filter(({ isLearning }) => isLearning).map(({ group }) => group);
  const progress = { done: groups.length - learning.length, of: Math.max(1, groups.length) };
  if (groups.length > 0 && learning.length === 0)
    return {
      state: "done",
      note: `${counts(groups.length, "group has", "groups have")} learnt what is usual`,
    };
  const note = groups.length === 0 ? "no group is declared yet" : `still learning: ${named(learning)}`;
  return hasEnded(session)
    ? { state: "failed", note: `the feeds have ended, ${note}` }
    : { state: "running", note, progress };
}

function rowsStanding(expected: number, session: SessionStanding, rows: number): Standing {
  if (rows >= expected) return { state: "done", note: `${rows} rows` };
  if (hasEnded(session))
    return { state: "failed", note: `the feeds have ended after ${rows} of ${expected} rows` };
  return { state: "running", note: `${rows} of ${expected} rows`, progress: { done: rows, of: expected } };
}

/** Whether nothing more comes. */
function hasEnded({ feeds }: SessionStanding): boolean {
  return feeds.length > 0 && feeds.every(({ status }) => OVER.has(status));
}

function counts(number: number, one: string, several: string): string {
  return `${number} ${number === 1 ? one : several}`;
}

function named(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function unreachable(condition: never): never {
  throw new Error(`unknown condition ${String(condition)}`);
}
