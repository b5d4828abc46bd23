/**
 * How soon a jump in a recording shows the new moment: presses on the bar, events one after the other, and a bar that is dragged, for rows 0.1 s,
 * 1 s and 15 s apart.
 *
 *   table whose swing says the time ─► recording ─► replay ─► page ── press ─► … ─► the swing drawn is that of the new moment, everywhere
 *
 * Every value swings to the other side of the one before, by a size that is another one in each fortieth of a window: what is drawn says which
 * moment it is of. A jump is over with the first picture that has, over the whole window, the sizes of the window before the new moment. A picture
 * of the moment before, one that is empty in part, and lines across what is missing have others.
 */
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { launchBrowser, startServing } from "./dashboard.ts";
import { check, inTemporaryFolder, median, quantile } from "./measure.ts";
import { startProgram } from "./program.ts";
import { type BenchRow, limited } from "./row.ts";

/** As many as a machine has. */
const CHANNELS = 33;

const RECORDINGS = [
  { rowS: 0.1, windowS: 600, windows: 8 },
  { rowS: 1, windowS: 3_600, windows: 8 },
  { rowS: 15, windowS: 43_200, windows: 8 },
] as const;
type Recording = (typeof RECORDINGS)[number];

const FROM_MS = Date.UTC(2026, 0, 1);
/** Stretches of one swing in a window. */
const STRETCHES = 40;
/** Presses on the bar, at most so many on "next event" and "previous event", and drags, for each recording. */
const PRESSES = 24;
const EVENTS = 18;
const DRAGS = 12;
/** Events in a window: far enough apart that the picture of one is none of the next. */
const EVENTS_A_WINDOW = 3;
const GAP_ROWS = 30;
/** Width of the axis of values at the right of a chart (GUTTER_RIGHT in collab/charts/time-frame.ts). */
const AXIS_PX = 58;
/** Places that a drag passes, and the time between them: a hand. */
const DRAG_STEPS = 8;
const DRAG_STEP_MS = 25;
const AT_MOST_MS = 300;
/** A place that has not changed by then stays. */
const STAYS_MS = 2_000;
/** A jump that takes longer has failed. */
const GIVE_UP_MS = 10_000;

export async function benchJumps(): Promise<BenchRow[]> {
  const browser = await launchBrowser();
  try {
    const rows: BenchRow[] = [];
    for (const recording of RECORDINGS) rows.push(...(await benchRecording(browser, recording)));
    return rows;
  } finally {
    await browser.close();
  }
}

function benchRecording(browser: Browser, of: Recording): Promise<BenchRow[]> {
  return inTemporaryFolder(async (folder) => {
    const recording = await record(folder, of);
    const { child, url } = await startServing(["replay", recording, "--follow", "--json"]);
    try {
      const times = await jump(browser, `${url}?span=${of.windowS}&zone=UTC&channels=swing/c1,swing/c2`, of);
      const what = `${CHANNELS} channels, rows of ${of.rowS} s, window of ${of.windowS / 60} min`;
      return Object.entries(times).flatMap(([kind, jumps]) => {
        const ms = jumps.map(({ drawnMs }) => drawnMs);
        return [
          limited(
            {
              name: `page, rows of ${of.rowS} s: ${kind}, new moment in the whole window, p50`,
              unit: "ms",
              runs: [median(ms)],
              note: `${ms.length} jumps; ${what}; ${stepsOf(jumps)}`,
            },
            { atMost: AT_MOST_MS },
          ),
          limited(
            {
              name: `page, rows of ${of.rowS} s: ${kind}, new moment in the whole window, p95`,
              unit: "ms",
              runs: [quantile(ms, 0.95)],
              note: `at most: ${stepsOf([jumps.reduce((a, b) => (a.drawnMs > b.drawnMs ? a : b))])}`,
            },
            { atMost: AT_MOST_MS },
          ),
        ];
      });
    } finally {
      child.kill("SIGTERM");
    }
  });
}

async function record(folder: string, of: Recording): Promise<string> {
  const [swing, bell, recording] = ["swing.csv", "bell.csv", "recording"].map((name) => join(folder, name));
  await writeFile(swing!, swingTable(of));
  await writeFile(bell!, bellTable(of));
  const feeds = ["--feed", `file:${swing}`, "--feed", `file:${bell}`];
  const args = ["up", ...feeds, "--once", "--port", "0", "--json", "--record", recording!];
  const [code] = await once(startProgram(args, ["ignore", "ignore", "inherit"]), "exit");
  check(code === 0, "a recording", `\`up\` ended with ${code}`);
  return recording!;
}

/** A size from 0.1 to 1 for each stretch. As text, for the page computes it too. */
const SWING = `((stretch) => {
  const x = Math.sin(stretch * 12.9898 + 1) * 43758.5453;
  return 0.1 + 0.9 * (x - Math.floor(x));
})`;
const swingOf = new Function(`return ${SWING}`)() as (stretch: number) => number;

function swingTable({ rowS, windowS, windows }: Recording): string {
  const names = Array.from({ length: CHANNELS }, (_, k) => `c${k + 1}`);
  const lines = [`time,${names.join(",")}`];
  for (let row = 0; row * rowS <= windowS * windows; row++) {
    const atS = row * rowS;
    const size = swingOf(Math.floor((atS * STRETCHES) / windowS));
    const value = row % 2 === 0 ? size : -size;
    const values = names.map(() => value.toFixed(4));
    lines.push(`${new Date(FROM_MS + 1000 * atS).toISOString()},${values.join(",")}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Rows as far apart, with gaps: each is an event. */
function bellTable({ rowS, windowS, windows }: Recording): string {
  const lines = ["time,bell"];
  const every = Math.round(windowS / rowS / EVENTS_A_WINDOW);
  for (let row = 0; row * rowS <= windowS * windows; row++) {
    if (row % every < every - GAP_ROWS)
      lines.push(`${new Date(FROM_MS + 1000 * row * rowS).toISOString()},${row % 2}`);
  }
  return `${lines.join("\n")}\n`;
}

type Kind = "press on the bar" | "next or previous event" | "drag of the bar";

/** What happened on the way, ms after the press; null: it did not, or before. */
interface Jump {
  /** The server was asked to go there, and said that it does. */
  readonly soughtMs: number | null;
  readonly goingMs: number | null;
  /** The past of the place was asked for, and all of it was there. */
  readonly askedMs: number | null;
  readonly answeredMs: number | null;
  /** The new moment was in the whole window. */
  readonly drawnMs: number;
}

/** Where the time goes, for whoever wants to save some. */
function stepsOf(jumps: readonly Jump[]): string {
  const at = (name: keyof Jump): string => {
    const known = jumps.map((jump) => jump[name]).filter((ms) => ms !== null);
    return known.length === 0 ? "–" : median(known).toFixed(0);
  };
  return `sought ${at("soughtMs")}, going ${at("goingMs")}, past asked ${at("askedMs")}, answered ${at("answeredMs")}, drawn ${at("drawnMs")}`;
}

async function jump(browser: Browser, url: string, of: Recording): Promise<Record<Kind, Jump[]>> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const times: Record<Kind, Jump[]> = {
    "press on the bar": [],
    "next or previous event": [],
    "drag of the bar": [],
  };
  await page.goto(url);
  const bar = page.getByLabel("Place in the recording");
  await bar.waitFor();
  const pause = page.getByRole("button", { name: "Pause" });
  if ((await pause.count()) > 0) await pause.click();
  await page.evaluate(watch(of));
  const { x, y, width, height } = (await bar.boundingBox())!;
  // The first window lacks a begin, and the handle has a width.
  const placeOf = (share: number) => x + width * (1.2 / of.windows + share * (1 - 1.3 / of.windows));
  const middle = y + height / 2;
  const done = async (kind: Kind) => {
    const done = await arrival(page, kind);
    check(done !== null, `another place after a ${kind}`, "the place stayed");
    times[kind].push(done);
  };
  for (let k = 0; k < PRESSES; k++) {
    await page.mouse.click(placeOf(golden(k)), middle);
    await done("press on the bar");
  }
  await page.mouse.click(placeOf(0), middle);
  await arrival(page, "press on the bar");
  const stepOn = async (name: string, most: number): Promise<number> => {
    for (let k = 0; k < most; k++) {
      await page.getByRole("button", { name }).click();
      const done = await arrival(page, "next or previous event");
      // There is no further one.
      if (done === null) return k;
      times["next or previous event"].push(done);
    }
    return most;
  };
  const steps = await stepOn("Next event of the recording", EVENTS / 2);
  // Before the first of these the recording has no whole window.
  await stepOn("Previous event of the recording", steps - 1);
  for (let k = 0; k < DRAGS; k++) {
    const [from, to] = [placeOf(golden(k)), placeOf(golden(k + 0.5))];
    await page.mouse.move(from, middle);
    await page.mouse.down();
    for (let step = 1; step <= DRAG_STEPS; step++) {
      await page.waitForTimeout(DRAG_STEP_MS);
      await page.mouse.move(from + ((to - from) * step) / DRAG_STEPS, middle);
    }
    await page.mouse.up();
    await done("drag of the bar");
  }
  await context.close();
  return times;
}

/** Shares of the bar that lie far from each other one after the other. */
function golden(k: number): number {
  return ((k + 1) * 0.6180339887) % 1;
}

/** null: the place did not change. */
async function arrival(page: Page, kind: Kind): Promise<Jump | null> {
  const answer = (await page.evaluate(`globalThis.jumpDone(${GIVE_UP_MS})`)) as
    | Jump
    | null
    | { reason: string };
  if (answer === null || "drawnMs" in answer) return answer;
  return check(false, `the new moment within ${GIVE_UP_MS / 1000} s after a ${kind}`, answer.reason) as never;
}

/**
 * As text: a TypeScript loader may rewrite functions. A line has a colour; what else is in a chart is grey. Reading a picture takes as long as a
 * frame, so only one that was drawn anew is read.
 */
function watch({ windowS }: Recording): string {
  return `{
  const swingOf = ${SWING};
  const windowMs = ${windowS * 1000};
  const stretchMs = windowMs / ${STRETCHES};
  const momentMs = () => Date.parse(document.querySelector(".transport-time time").dateTime);

  // A chart fills its picture with the colour of the panel before it draws. Of which moment a picture was read that had not arrived.
  let drawings = 0;
  let read = "";
  let seen = null;
  const fillRect = CanvasRenderingContext2D.prototype.fillRect;
  CanvasRenderingContext2D.prototype.fillRect = function (...of) {
    if (this.canvas.closest(".signals") !== null) drawings++;
    return fillRect.apply(this, of);
  };

  // Of each fortieth of the plot, how much of it is line.
  const drawn = () => {
    const canvas = document.querySelector(".signals canvas");
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    // Without the axis of values at the right.
    const plot = width - ${AXIS_PX};
    const counts = new Array(${STRETCHES}).fill(0);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < plot; x++) {
        const at = 4 * (y * width + x);
        const [r, g, b] = [data[at], data[at + 1], data[at + 2]];
        if (Math.max(r, g, b) - Math.min(r, g, b) > 60) counts[Math.floor((x * ${STRETCHES}) / plot)]++;
      }
    }
    return counts;
  };

  // A place covers the end of one stretch and the begin of the next.
  const expected = (endMs) =>
    Array.from({ length: ${STRETCHES} }, (_, k) => {
      const at = (endMs - windowMs - ${FROM_MS}) / stretchMs + k;
      const first = Math.floor(at);
      return (first + 1 - at) * swingOf(first) + (at - first) * swingOf(first + 1);
    });

  const likeness = (a, b) => {
    const mean = (of) => of.reduce((sum, each) => sum + each, 0) / of.length;
    const [ma, mb] = [mean(a), mean(b)];
    let [ab, aa, bb] = [0, 0, 0];
    for (let k = 0; k < a.length; k++) {
      ab += (a[k] - ma) * (b[k] - mb);
      aa += (a[k] - ma) ** 2;
      bb += (b[k] - mb) ** 2;
    }
    return ab / Math.sqrt(aa * bb);
  };

  // The press that a jump is counted from, and the moment that was shown then.
  let pressed = null;
  for (const type of ["input", "click"])
    document.addEventListener(type, (event) => {
      // The bar says where it goes as "input"; its "click" comes later.
      if (type === "click" && event.target.closest("button") === null) return;
      pressed = { atMs: event.timeStamp, fromMs: momentMs() };
    }, true);

  // When the last seek and the last window of samples were asked for, and answered.
  const steps = { soughtMs: null, goingMs: null, askedMs: null, answeredMs: null };
  let drawingsBefore = 0;
  const ask = globalThis.fetch;
  globalThis.fetch = async (...of) => {
    const [path, { method = "GET" } = {}] = of;
    const [asked, answered] =
      method === "POST" && path === "api/replay" ? ["soughtMs", "goingMs"]
      : path.startsWith("api/history") && !/only=|columns=1&/.test(path) ? ["askedMs", "answeredMs"]
      : [];
    if (asked === undefined) return ask(...of);
    const askedMs = performance.now();
    steps[asked] = askedMs;
    steps[answered] = null;
    const response = await ask(...of);
    const read = response.arrayBuffer;
    const done = () => {
      if (steps[asked] !== askedMs || steps[answered] !== null) return;
      steps[answered] = performance.now();
      if (answered === "answeredMs") drawingsBefore = drawings;
    };
    if (answered === "goingMs") done();
    response.arrayBuffer = () => read.call(response).finally(done);
    return response;
  };
  const since = (atMs) =>
    Object.fromEntries(Object.entries(steps).map(([step, ms]) => [step, ms === null || ms < atMs ? null : ms - atMs]));

  globalThis.jumpDone = (giveUpMs) => new Promise((resolve) => {
    const beganMs = performance.now();
    const look = () => {
      const nowMs = performance.now();
      const isMoved = pressed !== null && momentMs() !== pressed.fromMs;
      if (isMoved && read !== drawings + " " + momentMs()) {
        read = drawings + " " + momentMs();
        const counts = drawn();
        seen = { counts, expected: expected(momentMs()), like: likeness(counts, expected(momentMs())) };
      }
      // Of a place some rows away the picture of before is nearly the new one.
      const isDrawn = isMoved && steps.answeredMs >= pressed.atMs && drawings > drawingsBefore;
      if (isDrawn && seen.like > 0.9 && Math.min(...seen.counts) > 0) {
        const { atMs } = pressed;
        pressed = null;
        resolve({ ...since(atMs), drawnMs: nowMs - atMs });
      } else if (isMoved && nowMs - beganMs > giveUpMs)
        resolve({ reason: "the picture is alike by " + seen.like.toFixed(2) + ": " + seen.counts.join(" ") + " for " + seen.expected.map((x) => x.toFixed(2)).join(" ") });
      else if (!isMoved && nowMs - beganMs > ${STAYS_MS}) resolve(null);
      else requestAnimationFrame(look);
    };
    look();
  });
}`;
}
