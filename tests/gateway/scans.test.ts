// runtime: either
/** Scans over HTTP, Server-Sent Events and WebSocket: the same results by all, each once, to who comes early and late. */
import { writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { WebSocket } from "ws";
import { systemClock } from "../../actors/clock.ts";
import { SCAN_LIMITS, ScanService } from "../../actors/scan/service.ts";
import type { Gateway, GatewayOptions } from "../../collab/gateway/gateway.ts";
import { InlineThread } from "../scan/inline-thread.ts";
import { condition } from "../support/condition.ts";
import { FakeSession, START_US } from "../support/fake-session.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { type Answer, ask, errorOf, withGateway } from "./http.ts";

const SYMBOLS = 30;
const ROWS = 40;
const TOKEN = "a-token-of-at-least-sixteen-characters";
const OWNER = { authorization: `Bearer ${TOKEN}` };

/** Every third symbol rises. */
const table = join(temporaryDirectory(), "prices.csv");
const lines = ["date,symbol,close"];
for (let day = 0; day < ROWS; day++)
  for (let k = 0; k < SYMBOLS; k++)
    lines.push(`${1_700_000_000 + 86_400 * day},S${k},${k % 3 === 0 ? 100 + day : 200 - day}`);
writeFileSync(table, `${lines.join("\n")}\n`);

async function withScans(
  act: (gateway: Gateway, scans: ScanService) => Promise<void>,
  options: Partial<GatewayOptions> = {},
  /** Workers wait for it: until then no scan is over. */
  begins?: Promise<void>,
  live: readonly FakeSession[] = [],
): Promise<void> {
  const scans = new ScanService({
    clock: systemClock,
    universes: { prices: table, broken: join(table, "none") },
    live,
    workers: 2,
    startThread: (listener) => new InlineThread(listener, begins),
    run: "t",
  });
  await withGateway({ scans, ...options }, (gateway) => act(gateway, scans)).finally(() => scans.close());
}

function post(
  gateway: Gateway,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const type = { "content-type": "application/json" };
  return ask(gateway, path, { method: "POST", headers: { ...type, ...headers }, body: JSON.stringify(body) });
}

interface Started {
  scan_id: string;
  websocket_url: string;
  sse_url: string;
  stats_url: string;
}

const RISING = { universe: "prices", rule: "return(1) > 0" };

async function started(gateway: Gateway, order: object = RISING): Promise<Started> {
  const answer = await post(gateway, "/scan/stream", order);
  assert.is(answer.status, 200, answer.body);
  return answer.json() as Started;
}

interface Told {
  type: string;
  data: {
    index?: number;
    symbol?: string;
    signal?: boolean;
    state?: string;
    reason?: string;
    error?: { kind: string };
  };
}

/** A client of /ws/results: what it was told, and how it ended. */
class ScanSocket {
  readonly told: Told[] = [];
  closed: { code: number; reason: string } | null = null;
  status = 0;
  readonly ws: WebSocket;
  private readonly changed = condition();

  constructor(gateway: Gateway, path: string, headers: Record<string, string> = {}) {
    this.ws = new WebSocket(`ws://127.0.0.1:${gateway.port}/${path}`, { headers });
    this.ws.on("message", (text) => {
      this.told.push(JSON.parse(String(text)) as Told);
      this.changed.look();
    });
    this.ws.on("open", () => this.changed.look());
    this.ws.on("close", (code, reason) => {
      this.closed = { code, reason: String(reason) };
      this.changed.look();
    });
    this.ws.on("unexpected-response", (_request, response) => {
      this.status = response.statusCode ?? 0;
      this.ws.terminate();
      this.changed.look();
    });
    this.ws.on("error", () => {});
  }

  until(holds: () => boolean): Promise<void> {
    return this.changed.until(holds);
  }

  async toEnd(): Promise<Told[]> {
    await this.until(() => this.closed !== null);
    return this.told.filter(({ type }) => type === "result" || type === "complete");
  }
}

/** The events of a stream until it ends: type, id and data. */
function eventsOf(
  gateway: Gateway,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ type: string; id: number }[]> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port: gateway.port, path: `/${path}`, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => {
        const found = [...text.matchAll(/^event: (\w+)\nid: (\d+)$/gm)];
        resolve(found.map(([, type, id]) => ({ type: type!, id: Number(id) })));
      });
    }).on("error", reject);
  });
}

const indices = (told: readonly Told[]) => told.flatMap(({ data }) => data.index ?? []);
const all = Array.from({ length: SYMBOLS }, (_, k) => k + 1);

test("a scan is told by WebSocket, by events and by polling, to who comes early and late, each result once", () =>
  withScans(async (gateway) => {
    const { scan_id, websocket_url, sse_url, stats_url } = await started(gateway);
    const [early, events] = await Promise.all([
      new ScanSocket(gateway, websocket_url).toEnd(),
      eventsOf(gateway, sse_url),
    ]);
    assert.equal(indices(early), all);
    assert.is(early.at(-1)!.type, "complete");
    assert.equal(
      early
        .filter(({ data }) => data.signal)
        .map(({ data }) => data.symbol)
        .sort(),
      rising(),
    );
    assert.equal(
      events.map(({ id }) => id),
      [...all, SYMBOLS + 1],
    );
    const late = await new ScanSocket(gateway, websocket_url).toEnd();
    assert.equal(late, early);
    const resumed = await new ScanSocket(gateway, `${websocket_url}?after=10`).toEnd();
    assert.equal(indices(resumed), all.slice(10));
    for (const after of [SYMBOLS + 1, SYMBOLS + 100]) {
      const past = new ScanSocket(gateway, `${websocket_url}?after=${after}`);
      assert.equal(await past.toEnd(), [], "who has everything is told that nothing follows");
      const again = await ask(gateway, `/${sse_url}`, { headers: { "last-event-id": String(after) } });
      assert.is(again.status, 204, "a browser connects again, until it is told to cease");
    }
    const rest = await eventsOf(gateway, sse_url, { "last-event-id": "29" });
    assert.equal(rest, [
      { type: "result", id: 30 },
      { type: "complete", id: 31 },
    ]);
    const polled: Told["data"][] = [];
    for (let next = 0, complete = false; !complete; ) {
      const page = (await ask(gateway, `/scan/results/${scan_id}?after=${next}&limit=7`)).json() as {
        results: Told["data"][];
        next: number;
        complete: boolean;
      };
      polled.push(...page.results);
      ({ next, complete } = page);
    }
    assert.equal(
      polled,
      early.slice(0, -1).map(({ data }) => data),
    );
    const stats = (await ask(gateway, `/${stats_url}`)).json() as Record<string, unknown>;
    assert.equal(
      [stats["state"], stats["processed"], stats["signals"], stats["reason"]],
      ["done", 30, 10, "finished"],
    );
  }));

const rising = () =>
  Array.from({ length: SYMBOLS }, (_, k) => `S${k}`)
    .filter((_, k) => k % 3 === 0)
    .sort();

test("with wait=1 the answer comes once, at the end, best first", () =>
  withScans(async (gateway) => {
    const universe = ["S1", "S3", "NONE", "S1", "NONE"];
    const answer = await post(gateway, "/scan/stream?wait=1", { ...RISING, universe });
    const { results, problems, stats } = answer.json() as {
      results: { symbol: string }[];
      problems: { symbol: string }[];
      stats: { errors: number };
    };
    assert.equal(
      results.map(({ symbol }) => symbol),
      ["S3", "S1"],
    );
    assert.equal(
      problems.map(({ symbol }) => symbol),
      ["NONE"],
    );
    assert.is(stats.errors, 1);
  }));

/** A promise that the test settles. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

test("a scan is paused and goes on, by its socket and over HTTP", () => {
  const { opened, open } = gate();
  const act = async (gateway: Gateway) => {
    const { scan_id, websocket_url } = await started(gateway);
    assert.is((await post(gateway, `/scan/pause/${scan_id}`, {})).status, 200);
    const socket = new ScanSocket(gateway, websocket_url);
    await socket.until(() => socket.told.some(({ data }) => data.state === "paused"));
    socket.ws.send('{"type":"fly"}');
    await socket.until(() => socket.told.some(({ data }) => data.error?.kind === "usage"));
    socket.ws.send('{"type":"resume"}');
    open();
    assert.equal(indices(await socket.toEnd()), all);
    assert.is((await ask(gateway, `/scan/${scan_id}`, { method: "DELETE" })).status, 200);
    assert.is((await ask(gateway, `/scan/stats/${scan_id}`)).status, 404);
  };
  return withScans(act, {}, opened);
});

test("a scan that runs is listed with who started it, and ends when it is stopped", () => {
  const act = async (gateway: Gateway) => {
    const { scan_id, websocket_url } = await started(gateway);
    const active = (await ask(gateway, "/scans/active")).json() as {
      scans: { scan_id: string; by: string }[];
    };
    assert.equal(
      active.scans.map((scan) => scan.scan_id),
      [scan_id],
    );
    assert.match(active.scans[0]!.by, "127.0.0.1");
    const socket = new ScanSocket(gateway, websocket_url);
    await post(gateway, `/scan/stop/${scan_id}`, {});
    const told = await socket.toEnd();
    assert.equal(
      told.map(({ type, data }) => [type, data.reason]),
      [["complete", "stopped"]],
    );
    const { scans } = (await ask(gateway, "/scans")).json() as {
      scans: { scan_id: string; state: string }[];
    };
    assert.equal(
      scans.map(({ scan_id: id, state }) => [id, state]),
      [[scan_id, "done"]],
    );
  };
  return withScans(act, {}, gate().opened);
});

test("an order that cannot be carried out is refused with what was expected", () =>
  withScans(async (gateway) => {
    const refused: [order: object, status: number, message: RegExp][] = [
      [{ universe: "prices", rule: "rsj(14) < 3" }, 400, /column 1/],
      [{ ...RISING, universe: "price" }, 404, /perhaps prices/],
      [{ ...RISING, universe: "/etc" }, 404, /find universe/],
      [{ ...RISING, universe: "broken" }, 503, /as the log of the server says/],
      [{ ...RISING, universe: ["X"] }, 404, /one of prices/],
      [{ rule: "close > 1" }, 400, /none is named/],
      [{ ...RISING, max_symbols: 0 }, 400, /max_symbols is 0/],
      [{ universe: "prices" }, 400, /it has no rule.*a field rule/],
      [{ ...RISING, termination_criteria: { timeout_seconds: 1e9 } }, 400, /scanSecondsMax/],
      [
        { ...RISING, termination_criteria: { max_signal: 1 } },
        400,
        /no field termination_criteria.max_signal.*perhaps max_signals/,
      ],
      [{ ...RISING, path: "/etc" }, 400, /no field path.*one of rule, universe,/],
    ];
    for (const [order, status, message] of refused) {
      const answer = await post(gateway, "/scan/stream", order);
      assert.is(answer.status, status, `${JSON.stringify(order)}: ${answer.body}`);
      assert.match(answer.body, message);
      assert.ok(!answer.body.includes(table), "no path is told");
    }
    assert.is((await ask(gateway, "/scan/results/t-99")).status, 404);
    assert.is((await ask(gateway, "/scan/results/%E0")).status, 404);
    const socket = new ScanSocket(gateway, "ws/results/t-99");
    await socket.until(() => socket.status !== 0);
    assert.is(socket.status, 404);
    const universes = (await ask(gateway, "/scan/universes")).json() as { universes: object[] };
    assert.equal(universes.universes, [
      { name: "prices", state: "loaded", symbols: SYMBOLS, reason: "" },
      { name: "broken", state: "failed", symbols: 0, reason: "see the log of the server" },
    ]);
  }));

test("a rule is checked without a scan: what it asks for, or where it cannot be read", () =>
  withScans(async (gateway) => {
    const good = await post(gateway, "/scan/check", { rule: "rsi < 30 and close > 1" });
    assert.equal(good.json(), { valid: true, values: ["rsi(14)", "close"] });
    const bad = (await post(gateway, "/scan/check", { rule: "rsi(14) < 30 andd" })).json() as Record<
      string,
      unknown
    >;
    assert.equal([bad["valid"], bad["column"], bad["length"]], [false, 14, 4]);
  }));

test("viewers follow, editors command, and strangers see nothing", () =>
  withScans(
    async (gateway) => {
      const order = await post(gateway, "/scan/stream", RISING, OWNER);
      const { scan_id, websocket_url } = order.json() as Started;
      const invited = await post(gateway, "/api/invites", { role: "viewer" }, OWNER);
      const { invite } = invited.json() as { invite: string };
      const redeemed = await post(gateway, "/api/invites/redeem", { invite, name: "Anna", bearer: true });
      const viewer = { authorization: `Bearer ${(redeemed.json() as { token: string }).token}` };
      for (const [path, method] of [
        ["/scan/stream", "POST"],
        [`/scan/stop/${scan_id}`, "POST"],
        [`/scan/${scan_id}`, "DELETE"],
      ] as const) {
        const answer =
          method === "POST"
            ? await post(gateway, path, RISING, viewer)
            : await ask(gateway, path, { method, headers: viewer });
        assert.is(answer.status, 403);
        assert.is(errorOf(answer).expected, "editor or owner");
      }
      assert.is((await ask(gateway, `/scan/results/${scan_id}`, { headers: viewer })).status, 200);
      const socket = new ScanSocket(gateway, websocket_url, viewer);
      await socket.toEnd();
      const stranger = new ScanSocket(gateway, websocket_url);
      await stranger.until(() => stranger.status !== 0);
      assert.is(stranger.status, 401);
      for (const path of ["/scans", `/scan/results/${scan_id}`, `/events/results/${scan_id}`])
        assert.is((await ask(gateway, path)).status, 401);
    },
    { token: TOKEN },
  ));

test("200 scans at the same time deliver all results, none lost, none twice, and metrics count them", () => {
  const { opened: begins, open } = gate();
  return withScans(
    async (gateway) => {
      // All sockets are opened at one instant, before anything was asked on any.
      const orders = await Promise.all(Array.from({ length: 200 }, () => started(gateway)));
      const sockets = orders.map(({ websocket_url }) => new ScanSocket(gateway, websocket_url));
      await Promise.all(
        sockets.map((socket) => socket.until(() => socket.ws.readyState !== WebSocket.CONNECTING)),
      );
      open();
      const ends = await Promise.all(sockets.map((socket) => socket.toEnd()));
      for (const told of ends) {
        assert.equal(indices(told), all);
        assert.is(new Set(told.map(({ data }) => data.symbol)).size, SYMBOLS + 1);
      }
      const { body } = await ask(gateway, "/metrics");
      assert.match(body, /^eigenwatch_scans_active 0$/m);
      assert.match(body, /^eigenwatch_scans_ended_total\{reason="finished"\} 200$/m);
      assert.match(body, /^eigenwatch_scan_symbols_total\{kind="evaluated"\} 6000$/m);
      assert.match(body, /^eigenwatch_scan_symbols_total\{kind="spared"\} 0$/m);
      assert.match(body, /^eigenwatch_scan_first_result_seconds_bucket\{le="\+Inf"\} 200$/m);
      assert.match(body, /^eigenwatch_scan_first_result_seconds_count 200$/m);
      const { scans } = (await ask(gateway, "/scans")).json() as { scans: object[] };
      assert.ok(scans.length <= SCAN_LIMITS.scansKeptMax + 1, `${scans.length} scans are kept`);
    },
    { limits: { requestsBurst: 1_000 } },
    begins,
  );
});

test("a scan that nobody follows ends after its idle time, and one that is followed goes on", () => {
  const { opened, open } = gate();
  const act = async (gateway: Gateway, scans: ScanService) => {
    const { scan_id } = await started(gateway, { ...RISING, idle_seconds: 0.001 });
    const { scan } = scans.get(scan_id);
    const ended = condition();
    scan.onMessage(() => ended.look());
    await ended.until(() => scan.isOver);
    const { state, reason } = scan.stats();
    assert.equal([state, reason], ["expired", "idle"]);
    open();
    const kept = await started(gateway, { ...RISING, idle_seconds: 3600 });
    assert.is((await new ScanSocket(gateway, kept.websocket_url).toEnd()).at(-1)!.data.reason, "finished");
  };
  return withScans(act, {}, opened);
});

/** Groups "g" with two channels of so many rows, and "quiet" with a channel of one row. */
function liveSession(rows: number): FakeSession {
  const session = new FakeSession();
  session.declare("g", ["up", "down"]);
  session.declare("quiet", ["x"]);
  session.measure("quiet", [[0, 0, 1]]);
  for (let k = 1; k <= rows; k++) measured(session, k);
  return session;
}

function measured(session: FakeSession, k: number): void {
  session.measure("g", [
    [k, 0, 100 + k],
    [k, 1, 200 - k],
  ]);
}

interface Waited {
  results: { symbol: string; signal: boolean; timeUs: number; values: Record<string, number> }[];
  problems: { symbol: string; reason: string }[];
}

test("live channels are scanned as they were when it was asked for, and drawn so", () => {
  const { opened, open } = gate();
  const live = liveSession(20);
  const act = async (gateway: Gateway) => {
    const { universes } = (await ask(gateway, "/scan/universes")).json() as { universes: object[] };
    const state = { state: "loaded", reason: "" };
    assert.equal(universes.slice(2), [
      { name: "live", symbols: 3, ...state },
      { name: "live:g", symbols: 2, ...state },
      { name: "live:quiet", symbols: 1, ...state },
    ]);
    const { scan_id, websocket_url } = await started(gateway, { universe: "live:g", rule: "sma(2) > 110" });
    measured(live, 21);
    open();
    await new ScanSocket(gateway, websocket_url).toEnd();
    const { results } = (await ask(gateway, `/scan/results/${scan_id}`)).json() as Waited;
    const askedUs = START_US + 20;
    assert.equal(
      results.map(({ symbol, signal, timeUs, values }) => [symbol, signal, timeUs, values["sma(2)"]]).sort(),
      [
        ["g/down", true, askedUs, 180.5],
        ["g/up", true, askedUs, 119.5],
      ],
    );
    const chart = (await ask(gateway, "/scan/chart?universe=live:g&symbol=g/up&rule=close")).json() as {
      timeUs: number[];
    };
    assert.equal([chart.timeUs.length, chart.timeUs.at(-1)], [20, askedUs]);
    const { scans } = (await ask(gateway, "/scans")).json() as { scans: { universe: string }[] };
    assert.is(scans[0]!.universe, "live:g");
  };
  return withScans(act, {}, opened, [live]);
});

test("a live channel that lacks rows or a column is reported, and the scan goes on", () =>
  withScans(
    async (gateway) => {
      const scan = async (order: object) =>
        (await post(gateway, "/scan/stream?wait=1", order)).json() as Waited;
      const short = await scan({ universe: "live", rule: "sma(5) > 0" });
      assert.equal(short.results.map(({ symbol }) => symbol).sort(), ["g/down", "g/up"]);
      assert.equal(
        short.problems.map(({ symbol, reason }) => [symbol, reason]),
        [["quiet/x", "evaluate sma(5): there are 1 rows; expected at least 5"]],
      );
      const named = await scan({ universe: ["g/up", "none"], rule: "high > 1" });
      assert.equal(
        named.problems.map(({ symbol, reason }) => [symbol, reason]),
        [
          ["none", "the universe has no such symbol"],
          ["g/up", "evaluate g/up: it has no high; expected a column high in its table"],
        ],
      );
      const refused = await post(gateway, "/scan/stream", { universe: "live:none", rule: "close > 1" });
      assert.is(refused.status, 404);
      assert.match(errorOf(refused).expected, "live:g");
    },
    {},
    undefined,
    [liveSession(10)],
  ));

test("more scans of live channels than there is room for are refused, and their end makes room", () => {
  const { opened, open } = gate();
  const act = async (gateway: Gateway) => {
    const order = { universe: "live", rule: "close > 1" };
    const running: Started[] = [];
    for (let k = 0; k < SCAN_LIMITS.scansLiveMax; k++) running.push(await started(gateway, order));
    const refused = await post(gateway, "/scan/stream", order);
    assert.is(refused.status, 503);
    assert.match(errorOf(refused).expected, "scansLiveMax");
    open();
    await Promise.all(running.map((each) => new ScanSocket(gateway, each.websocket_url).toEnd()));
    await started(gateway, order);
  };
  return withScans(act, {}, opened, [liveSession(3)]);
});

test("a gateway without universes has no scans", () =>
  withGateway({}, async (gateway) => {
    assert.is((await ask(gateway, "/scans")).status, 404);
  }));

test("a symbol is drawn with what the rule computes, and a table has the latest closes", () =>
  withScans(async (gateway) => {
    const rule = encodeURIComponent("sma(3) > rsi(14)");
    const chart = (await ask(gateway, `/scan/chart?universe=prices&symbol=S0&rule=${rule}`)).json() as {
      timeUs: number[];
      close: number[];
      series: { text: string; values: (number | null)[] }[];
    };
    assert.equal([chart.timeUs.length, chart.close.at(-1)], [ROWS, 100 + ROWS - 1]);
    assert.equal(
      chart.series.map(({ text, values }) => [text, values[1], values.at(-1)]),
      [
        ["sma(3)", null, 100 + ROWS - 2],
        ["rsi(14)", null, 100],
      ],
    );
    assert.is((await ask(gateway, "/scan/chart?symbol=NONE&universe=prices&rule=close")).status, 404);
    const { sparks } = (
      await post(gateway, "/scan/sparks", { universe: "prices", symbols: ["S1", "NONE"] })
    ).json() as { sparks: Record<string, number[]> };
    assert.equal(Object.keys(sparks), ["S1"]);
    assert.is(sparks["S1"]!.at(-1), 200 - ROWS + 1);
    const many = Array.from({ length: SCAN_LIMITS.scanSparksMax + 1 }, (_, k) => `S${k}`);
    assert.is((await post(gateway, "/scan/sparks", { universe: "prices", symbols: many })).status, 400);
    const { functions } = (await ask(gateway, "/scan/functions")).json() as { functions: { name: string }[] };
    assert.ok(functions.some(({ name }) => name === "rsi"));
  }));

test("every scan teaches the order, which can be read, used and reset", () =>
  withScans(async (gateway) => {
    const scan = async (order: string) =>
      (await post(gateway, "/scan/stream?wait=1", { ...RISING, order })).json() as {
        stats: { signal_work: number[]; random_signal_work: number[] };
      };
    const first = await scan("given");
    assert.is(first.stats.random_signal_work.length, rising().length);
    const learnt = (await ask(gateway, "/scan/order?universe=prices")).json() as { scans: number };
    assert.is(learnt.scans, 1);
    const { stats } = await scan("learned");
    assert.ok(stats.signal_work[4]! < stats.random_signal_work[4]!, `${stats.signal_work}`);
    const reset = await ask(gateway, "/scan/order?universe=prices", { method: "DELETE" });
    assert.is((reset.json() as { scans: number }).scans, 0);
    assert.is((await ask(gateway, "/scan/order?universe=none")).status, 404);
  }));

test.run();
