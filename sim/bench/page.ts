/**
 * How soon the page shows its whole window, and what that costs: sessions of half an hour, a day and a week, opened in a new browser.
 *
 *   a synthetic world, read at once ─► session ─► page with that window ─► every part of the chart is drawn
 *
 * Bytes and messages are those of the session, without the page's own files, until the window is full. Time is from the navigation on.
 */
import type { Browser, CDPSession } from "playwright-core";
import { launchBrowser, startSystem } from "./dashboard.ts";
import { check } from "./measure.ts";
import { type BenchRow, limited } from "./row.ts";

/** As many as a machine has. */
const CHANNELS = 33;

/** Rows a second: of a week as many samples as a machine of four cores takes in within a minute. */
const SESSIONS = [
  { name: "35 min", seconds: 2_100, rowsPerSecond: 10 },
  { name: "24 h", seconds: 86_400, rowsPerSecond: 1 },
  { name: "7 days", seconds: 604_800, rowsPerSecond: 0.2 },
] as const;

const RUNS = 3;
/** A person takes the page for dead after two seconds. */
const FULL_MS = 2_000;
const ANSWER_MS = 300;
const BYTES = 1_000_000;

/** Of the plot, in which something is to be drawn. */
const PLACES = 40;

export async function benchPage(): Promise<BenchRow[]> {
  const browser = await launchBrowser();
  try {
    const rows: BenchRow[] = [];
    for (const session of SESSIONS) rows.push(...(await benchSession(browser, session)));
    return rows;
  } finally {
    await browser.close();
  }
}

async function benchSession(
  browser: Browser,
  { name, seconds, rowsPerSecond }: (typeof SESSIONS)[number],
): Promise<BenchRow[]> {
  const world = `server-metrics?channels=${CHANNELS}&rate=${rowsPerSecond}&duration=${seconds}s&speed=max`;
  const { child, url } = await startSystem(`synth:${world}`);
  try {
    await feedEnded(url);
    const opened: Opened[] = [];
    for (let run = 0; run < RUNS; run++) opened.push(await openPage(browser, `${url}?span=${seconds}`));
    const what = `${CHANNELS} channels, ${rowsPerSecond} rows/s`;
    const of = (figure: keyof Opened) => opened.map((each) => each[figure]);
    check(
      opened.every(({ messages }) => messages > 0),
      "messages of the session",
    );
    return [
      limited(
        { name: `page of ${name}: full window after`, unit: "ms", runs: of("fullMs"), note: what },
        { atMost: FULL_MS },
      ),
      limited(
        { name: `page of ${name}: answer of the past after`, unit: "ms", runs: of("answerMs") },
        { atMost: ANSWER_MS },
      ),
      limited(
        {
          name: `page of ${name}: bytes of the session until then`,
          unit: "B",
          runs: of("bytes"),
          note: `${Math.max(...of("messages"))} messages and answers at most`,
        },
        { atMost: BYTES },
      ),
    ];
  } finally {
    child.kill("SIGTERM");
  }
}

/** The session has taken in everything. */
async function feedEnded(url: string): Promise<void> {
  for (let after = 0; ; ) {
    const answer = await fetch(`${url}api/events?after=${after}&limit=1000&wait=5000`);
    const { events, next } = (await answer.json()) as { events: { kind: string }[]; next: number };
    if (events.some(({ kind }) => kind === "feed.ended")) return;
    after = next;
  }
}

interface Opened {
  fullMs: number;
  /** From the request of the first stretch of the past to the end of its answer. */
  answerMs: number;
  bytes: number;
  messages: number;
}

async function openPage(browser: Browser, url: string): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const traffic = await listen(await context.newCDPSession(page));
  await page.addInitScript({ content: WATCH });
  await page.goto(url);
  const fullMs = (await page.evaluate("globalThis.full")) as number;
  const opened = { fullMs, ...traffic };
  await context.close();
  return opened;
}

/** Counts what comes of the session: by WebSocket, and as answers of its API. */
async function listen(devtools: CDPSession): Promise<Omit<Opened, "fullMs">> {
  const traffic = { answerMs: 0, bytes: 0, messages: 0 };
  const asked = new Map<string, { isPast: boolean; at: number }>();
  devtools.on("Network.webSocketFrameReceived", ({ response }) => {
    traffic.messages++;
    traffic.bytes += Math.floor((response.payloadData.length * 3) / 4);
  });
  devtools.on("Network.requestWillBeSent", ({ requestId, request, timestamp }) => {
    if (request.url.includes("/api/"))
      asked.set(requestId, { isPast: request.url.includes("/api/history"), at: timestamp });
  });
  devtools.on("Network.loadingFinished", ({ requestId, encodedDataLength, timestamp }) => {
    const request = asked.get(requestId);
    if (request === undefined) return;
    traffic.messages++;
    traffic.bytes += encodedDataLength;
    if (request.isPast && traffic.answerMs === 0) traffic.answerMs = 1000 * (timestamp - request.at);
  });
  await devtools.send("Network.enable");
  return traffic;
}

/** As text: a TypeScript loader may rewrite functions. A line has a colour; what else is in a chart is grey. */
const WATCH = `
  const isDrawn = (pixels, width, height, x) => {
    for (let y = 0; y < height; y++) {
      const at = 4 * (y * width + x);
      const [r, g, b] = [pixels[at], pixels[at + 1], pixels[at + 2]];
      if (Math.max(r, g, b) - Math.min(r, g, b) > 60) return true;
    }
    return false;
  };
  const isFull = () => {
    const canvas = document.querySelector(".signals canvas");
    if (canvas === null || canvas.width < 200) return false;
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    // Without the axis of values at the right.
    const plot = width - 70;
    let drawn = 0;
    for (let k = 0; k < ${PLACES}; k++)
      if (isDrawn(data, width, height, Math.floor((plot * (k + 0.5)) / ${PLACES}))) drawn++;
    return drawn >= ${PLACES} - 1;
  };
  globalThis.full = new Promise((resolve) => {
    const look = () => (isFull() ? resolve(performance.now()) : setTimeout(look, 20));
    look();
  });
`;
