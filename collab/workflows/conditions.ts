/** How an automatic step stands: met, on its way, or never to be met. */
import type { Automatic } from "../../protocol/workflow.ts";
import type { RowCount, WatchedFeed, WatchedSession } from "./watched-session.ts";

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

export function standingOf(automatic: Automatic, session: WatchedSession, counted: RowCount): Standing {
  if ("rows" in automatic) return rowsStanding(automatic.rows, session, counted);
  switch (automatic.until) {
    case "connected":
      return connectedStanding(session.feeds());
    case "warm":
      return warmStanding(session);
    case "calm": {
      const open = session.incidents();
      return open === 0
        ? { state: "done", note: "no incident is open" }
        : { state: "running", note: `${counts(open, "incident is", "incidents are")} open` };
    }
    default:
      return unreachable(automatic.until);
  }
}

function connectedStanding(feeds: readonly WatchedFeed[]): Standing {
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

function warmStanding(session: WatchedSession): Standing {
  const groups = session.groups();
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

function rowsStanding(expected: number, session: WatchedSession, counted: RowCount): Standing {
  const rows = counted.rows();
  if (rows >= expected) return { state: "done", note: `${rows} rows` };
  if (hasEnded(session))
    return { state: "failed", note: `the feeds have ended after ${rows} of ${expected} rows` };
  return { state: "running", note: `${rows} of ${expected} rows`, progress: { done: rows, of: expected } };
}

/** Whether nothing more comes. */
function hasEnded(session: WatchedSession): boolean {
  const feeds = session.feeds();
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
