// runtime: either
// requires: nats-server
// slow
/** The commands of a cluster as a person runs them: what works, and what each mistake is answered with. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { connect } from "nats";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { WebSocket } from "ws";
import { findNode } from "../../.ci/runtime.mjs";
import { createNatsBus } from "../../actors/bus/nats.ts";
import { freePort, type NatsServer, startNatsServer } from "../../actors/bus/nats-server.ts";
import { systemClock } from "../../actors/clock.ts";
import { ownerOf } from "../../actors/cluster/placement.ts";
import { checkAddress } from "../../collab/gateway/gateway.ts";
import { type ClusterStatus, clusterStatus } from "../../collab/live/node-status.ts";
import { condition } from "../support/condition.ts";
import { run, start } from "../support/program-run.ts";
import { skip } from "../support/skip.ts";

const server: NatsServer = await startNatsServer();
const NATS = ["--nats", server.url];

interface SeenSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  /** The process that it is of. */
  readonly instance: string;
}

/** A collector of traces. */
async function collectSpans() {
  const traces = new Map<string, SeenSpan[]>();
  let came: () => void = () => {};
  const collector = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    response.end("{}");
    if (request.url !== "/v1/traces") return;
    const { resourceSpans } = JSON.parse(text) as {
      resourceSpans: {
        resource: { attributes: { key: string; value: { stringValue: string } }[] };
        scopeSpans: { spans: Omit<SeenSpan, "instance">[] }[];
      }[];
    };
    for (const { resource, scopeSpans } of resourceSpans) {
      const instance = resource.attributes.find(({ key }) => key === "service.instance.id")!.value
        .stringValue;
      for (const { spans } of scopeSpans)
        for (const span of spans)
          traces.set(span.traceId, [...(traces.get(span.traceId) ?? []), { ...span, instance }]);
    }
    came();
  });
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  collector.unref();
  return {
    url: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
    /** The first trace that has a span of each name. */
    async traceWith(...names: string[]): Promise<SeenSpan[]> {
      for (;;) {
        for (const trace of traces.values())
          if (names.every((name) => trace.some((span) => span.name === name))) return trace;
        await new Promise<void>((resolve) => {
          came = resolve;
        });
      }
    },
    close: () => void collector.close(),
  };
}

/** The first of so many free ports, one after another. */
async function freePortsInARow(count: number): Promise<number> {
  for (;;) {
    const first = await freePort();
    try {
      for (let k = 0; k < count; k++) await checkAddress("127.0.0.1", first + k);
      return first;
    } catch {
      // One is taken.
    }
  }
}

/** Asks until it holds. */
async function statusUntil(
  session: string,
  holds: (status: ClusterStatus) => boolean,
): Promise<ClusterStatus> {
  const bus = await createNatsBus({ servers: [server.url], clock: systemClock, log: () => {} });
  try {
    for (;;) {
      const status = await clusterStatus(bus, session);
      if (holds(status)) return status;
    }
  } finally {
    await bus.close();
  }
}

test("two nodes share a session with a space in its name, and one hands over to the other when it is stopped", async () => {
  const session = "plant 1";
  const join = (name: string, ...more: string[]) =>
    start(["node", ...NATS, "--session", session, "--name", name, "--port", "0", "--json", ...more]);
  const spans = await collectSpans();
  const nodes = new Map(
    ["node a", "node b"].map((name) => [name, join(name, "--trace", `otlp:${spans.url}`)]),
  );
  const edge = start(
    [
      "node",
      ...NATS,
      "--session",
      session,
      "--name",
      "edge",
      "--json",
      "--roles",
      "feed",
      "--feed",
      "walk?channels=3&rate=100",
      "--trace-share",
      "1",
    ],
    { env: { OTEL_EXPORTER_OTLP_ENDPOINT: spans.url } },
  );
  const before = await statusUntil(
    session,
    ({ nodes: found, partitions }) => found.length === 3 && (partitions[0]?.inputs ?? 0) > 5,
  );
  assert.equal(
    before.nodes.map(({ name }) => name),
    ["edge", "node a", "node b"],
  );
  const [partition] = before.partitions;
  assert.is(partition!.name, "p0");
  assert.ok(partition!.owner.startsWith("node "), "a node without the role core owns nothing");
  const owner = nodes.get(partition!.owner)!;
  const [otherName, other] = [...nodes].find(([name]) => name !== partition!.owner)!;
  const { url } = await other.line("listening");
  assert.is((await fetch(`${url}readyz`)).status, 200);
  const trace = await spans.traceWith("feed publish", "admission", "fold", "gateway send");
  const named = (name: string) => trace.find((span) => span.name === name)!;
  assert.is(named("admission").parentSpanId, named("feed publish").spanId);
  assert.is(named("fold").parentSpanId, named("admission").spanId);
  assert.is(named("gateway send").parentSpanId, named("admission").spanId);
  assert.is(named("feed publish").instance, "edge");
  assert.is(named("admission").instance, partition!.owner);
  assert.ok(BigInt(named("admission").endTimeUnixNano) > BigInt(named("feed publish").startTimeUnixNano));
  owner.kill("SIGTERM");
  assert.is((await owner.ended).code, 0);
  const after = await statusUntil(session, ({ partitions }) => partitions[0]?.owner === otherName);
  assert.is(after.partitions[0]!.epoch, partition!.epoch + 1);
  assert.ok(after.partitions[0]!.inputs! >= partition!.inputs!);
  const shown = await run(["status", ...NATS, "--session", session, "--json"]);
  assert.is((JSON.parse(shown.stdout) as ClusterStatus).partitions[0]!.owner, otherName);
  const described = (await (await fetch(`${url}api/sessions`)).json()) as { sessions: { session: string }[] };
  assert.is(described.sessions[0]!.session, session);

  const twin = await run(["node", ...NATS, "--session", session, "--name", otherName, "--port", "0"]);
  assert.is(twin.code, 1);
  assert.match(twin.stderr, `Cannot join session plant 1 as ${otherName}: a node of this name is running`);
  const { port } = new URL(url as string);
  // One that placement would give the partition to.
  const name = ["c", "d", "e", "f", "g", "h"].find((each) => ownerOf("p0", [otherName, each]) === each)!;
  const late = await run(["node", ...NATS, "--session", session, "--name", name, "--port", port]);
  assert.is(late.code, 1);
  assert.match(late.stderr, `Cannot listen on 127.0.0.1:${port}`);
  const still = await statusUntil(session, ({ partitions }) => partitions[0]?.owner === otherName);
  assert.is(still.partitions[0]!.epoch, after.partitions[0]!.epoch);
  for (const program of [other, edge]) {
    program.kill("SIGTERM");
    assert.is((await program.ended).code, 0);
  }
  spans.close();
  const gone = await run(["status", ...NATS, "--session", session]);
  assert.is(gone.code, 1);
  assert.match(gone.stdout, "no node runs");
});

test("`up --nats` is a cluster of one, and `feed --to nats:` brings it a world", async () => {
  const up = start(["up", ...NATS, "--session", "one", "--name", "solo", "--port", "0", "--json"]);
  await up.line("owns");
  const target = `nats:${server.url}`;
  const feed = start(["feed", "level-shift", "--to", target, "--session", "one", "--rate", "20", "--json"]);
  const { url } = await up.line("listening");
  for (;;) {
    const { groups } = (await (await fetch(`${url}api/channels`)).json()) as { groups: { group: string }[] };
    if (groups.some(({ group }) => group === "level-shift")) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const world = ["feed", "level-shift", "--to", target, "--session", "one", "--rate", "20", "--json"];
  const twin = await run(world);
  assert.is(twin.code, 1);
  assert.match(
    twin.stderr,
    "Cannot bring synth:level-shift to partition p0 of session one: another feed has the name synth:level-shift there; expected another --name, or the end of that feed",
  );
  const named = start([...world, "--name", "second"]);
  const published = await named.line("publishing");
  assert.is(published["source"], "second");
  const hasGroup = async (group: string) => {
    const { groups } = (await (await fetch(`${url}api/channels`)).json()) as { groups: { group: string }[] };
    return groups.some((each) => each.group === group);
  };
  while (!(await hasGroup("second"))) await new Promise((resolve) => setTimeout(resolve, 100));
  named.kill("SIGINT");
  const last = await named.line("published");
  assert.ok((last["samples"] as number) > (last["shed"] as number));
  assert.is((await named.ended).code, 0);
  // A name is free as soon as its feed has ended.
  const again = start([...world, "--name", "second"]);
  await again.line("publishing");
  again.kill("SIGINT");
  assert.is((await again.ended).code, 0);
  const lost = await run(["feed", "level-shift", "--to", target, "--session", "one", "--partition", "p9"]);
  assert.is(lost.code, 1);
  assert.match(lost.stderr, "Cannot send to partition p9 of session one: no node owns it; expected p0");
  assert.is(lost.stdout, "");
  for (const program of [feed, up]) {
    program.kill("SIGINT");
    assert.is((await program.ended).code, 0);
  }
});

test("a log that its server lets grow no further is named by /readyz, by status and in one line, and goes on when there is room", async () => {
  const session = "small";
  const common = ["node", ...NATS, "--session", session, "--port", "0", "--json"];
  const owner = start([...common, "--name", "a", "--feed", "walk?channels=3&rate=100"]);
  const { url } = await owner.line("listening");
  await owner.line("owns");
  const admin = await connect({ servers: server.url });
  /** As an administrator does it: nats stream edit ew__small__p0__log --max-bytes N */
  const limit = async (bytes: number) => {
    const info = await admin.request("$JS.API.STREAM.INFO.ew__small__p0__log");
    const { config } = info.json<{ config: object }>();
    await admin.request(
      "$JS.API.STREAM.UPDATE.ew__small__p0__log",
      JSON.stringify({ ...config, max_bytes: bytes }),
    );
  };
  const readiness = async (code: number): Promise<string> => {
    for (;;) {
      const answer = await fetch(`${url}readyz`);
      const said = await answer.text();
      if (answer.status === code) return said;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  await readiness(200);
  await limit(1);
  assert.match(
    await readiness(503),
    /partition p0 takes no input: stream ew__small__p0__log takes nothing \(maximum bytes exceeded\): raise its limit/,
  );
  const shown = await run(["status", ...NATS, "--session", session]);
  assert.match(shown.stdout, /p0 takes no input \(says a\): stream ew__small__p0__log/);
  await limit(-1);
  await readiness(200);
  await admin.close();
  owner.kill("SIGTERM");
  const { code, stdout } = await owner.ended;
  assert.is(code, 0);
  const lines = stdout
    .split("\n")
    .filter((line) => line.includes('"what":"cluster"') && line.includes(" input"))
    .map((line) => JSON.parse(line) as { level: string; message: string });
  assert.equal(
    lines.map(({ level }) => level),
    ["error", "info"],
    stdout,
  );
});

test("a demo says of a node that has ended that it starts again, and which nodes it has", async () => {
  const state = mkdtempSync(join(tmpdir(), "eigenwatch-state-"));
  mkdirSync(join(state, "eigenwatch"), { mode: 0o700 });
  const gone = spawnSync(process.execPath, ["--version"]).pid;
  const demo = (port: number, pid: number | undefined = process.pid) =>
    writeFileSync(
      join(state, "eigenwatch", `cluster-demo-${port}.json`),
      JSON.stringify({ port, pid, nodes: { a: gone, b: gone, c: gone } }),
      { mode: 0o600 },
    );
  // One was killed, and has left its file.
  demo(7410, gone);
  demo(7420);
  const env = { XDG_RUNTIME_DIR: state };
  const ended = await run(["cluster", "kill", "b"], { env });
  assert.match(
    ended.stderr,
    "Cannot signal node b: it has ended; expected a node that runs: it starts again 8 s after its end",
  );
  const none = await run(["cluster", "kill", "zzz"], { env });
  assert.match(none.stderr, "the demo has no node zzz; expected one that it has: a, b, c");
  assert.equal([ended.code, none.code], [1, 2]);
  demo(7430);
  const which = await run(["cluster", "kill", "b"], { env });
  assert.match(which.stderr, "Cannot choose a demo: 2 run; expected --port 7420 or --port 7430");
  const wrong = await run(["cluster", "drain", "b", "--port", "7410"], { env });
  assert.match(
    wrong.stderr,
    "Cannot find the demo: none runs with --port 7410; expected --port 7420 or --port 7430",
  );
  const chosen = await run(["cluster", "kill", "b", "--port", "7430"], { env });
  assert.match(chosen.stderr, "Cannot signal node b: it has ended");
  const help = await run(["cluster", "demo", "--help"]);
  assert.is(help.stdout.match(/default:\s+7420/g)?.length, 1);
  assert.match((await run(["node", "--help"])).stdout, /default:\s+feed,core,gateway,scan/);
  rmSync(state, { recursive: true });
});

test("a node that is stopped when nobody reads its output any more hands over and signs off", async () => {
  const node = start(["node", ...NATS, "--session", "unread", "--name", "a", "--port", "0", "--json"]);
  for (const partition of ["p0", "room"]) await node.line("owns", (line) => line["partition"] === partition);
  node.closeOutput();
  node.kill("SIGTERM");
  assert.is((await node.ended).code, 0);
  // Of one that only ended it lasts seconds.
  assert.equal((await statusUntil("unread", () => true)).nodes, []);
});

test("of two nodes of one name one runs, whichever began first, also when the other was only paused", async () => {
  const join = () =>
    start(["node", ...NATS, "--session", "twins", "--name", "same", "--port", "0", "--json"]);
  const says = /a node of this name is running|another node of this name has started since/;
  const twins = [join(), join()] as const;
  const [first, lost] = await Promise.race(
    twins.map(async (twin, k) => [twins[1 - k]!, await twin.ended] as const),
  );
  assert.is(lost.code, 1);
  assert.match(lost.stdout + lost.stderr, says);
  await first.line("owns", ({ partition }) => partition === "p0");
  first.kill("SIGSTOP");
  const second = join();
  const { epoch } = await second.line("owns", ({ partition }) => partition === "p0");
  first.kill("SIGCONT");
  const woken = await first.ended;
  assert.is(woken.code, 1);
  assert.match(woken.stdout, says);
  const [partition] = (await statusUntil("twins", ({ nodes }) => nodes.length === 1)).partitions;
  assert.is(partition!.epoch, epoch as number);
  second.kill("SIGTERM");
  assert.is((await second.ended).code, 0);
});

test("a node and a live feed of a machine whose clock is ten minutes off are told so, and send nothing", async () => {
  const node = findNode();
  if (node === null) return skip("no Node to set the clock of: install Node 20.15 or later");
  const owner = start(["node", ...NATS, "--session", "clocks", "--name", "a", "--port", "0", "--json"]);
  await owner.line("owns", ({ partition }) => partition === "p0");
  for (const minutes of [10, -10]) {
    const shift = `const now=Date.now;Date.now=()=>now()+${minutes * 60_000};Object.defineProperty(performance,"timeOrigin",{value:performance.timeOrigin+${minutes * 60_000}})`;
    const options = {
      runtime: node,
      env: { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(shift)}` },
    };
    const says = minutes > 0 ? / (59\d|60\d) s ahead of that of/ : / (59\d|60\d) s behind that of/;
    for (const args of [
      ["node", ...NATS, "--session", "clocks", "--name", "b", "--port", "0"],
      ["feed", "level-shift", "--to", `nats:${server.url}`, "--session", "clocks", "--rate", "20"],
    ]) {
      const refused = await run(args, options);
      assert.is(refused.code, 1, refused.stdout);
      assert.match(refused.stderr, says);
    }
  }
  owner.kill("SIGTERM");
  assert.is((await owner.ended).code, 0);
});

test("a demo ends in order when its terminal tells all its processes to, and leaves no server behind when the terminal is closed", async () => {
  const port = String(await freePortsInARow(3));
  const state = mkdtempSync(join(tmpdir(), "eigenwatch-state-"));
  const environment = { env: { XDG_RUNTIME_DIR: state, TMPDIR: state }, ownGroup: true };
  for (const signal of ["SIGINT", "SIGHUP"] as const) {
    const demo = start(["cluster", "demo", "--port", port], environment);
    const url = (await demo.matched(/nats:\S+/))[0];
    for (const partition of ["p0", "room"]) await demo.matched(new RegExp(`owns +partition=${partition}`));
    await demo.matched(/^feed synth:/m);
    demo.killGroup(signal);
    const { code, stdout, stderr } = await demo.ended;
    assert.is(code, 0, `${stdout}\n${stderr}`);
    assert.not.match(stdout, / warning | error /);
    assert.is((await run(["status", "--nats", url])).code, 1, "the server still answers");
  }
  rmSync(state, { recursive: true });
});

test("each mistake is named with what to do", async () => {
  const plain = await startNatsServer({ jetStream: false });
  const target = `nats:${server.url}`;
  const cases: [args: string[], code: number, says: RegExp][] = [
    [["node", ...NATS, "--roles", "feed,cor"], 2, /there is no role "cor"; expected perhaps core/],
    [["node", "--nats", "nats://127.0.0.1:9"], 1, /Cannot reach NATS.*start one with `nats-server -js`/],
    [["node", "--nats", plain.url], 1, /does not offer JetStream.*nats-server -js/],
    [
      ["node", "--nats", "http://127.0.0.1"],
      2,
      /Cannot use the address of NATS.*expected nats:\/\/HOST:PORT/,
    ],
    [["node", ...NATS, "--name", "n".repeat(101)], 2, /Cannot name a node.*expected 1 to 100 bytes/],
    [["node", ...NATS, "--roles", "core", "--feed", "host"], 2, /its roles are core; expected the role feed/],
    [
      ["node", ...NATS, "--partition-of", "climate=p3"],
      2,
      /Cannot assign group climate to a partition: p3; expected perhaps p0/,
    ],
    [["node", ...NATS, "--partition-of", "climate"], 2, /Expected group=partition, e.g. climate=p1/],
    [["node", ...NATS, "--trace", "http://127.0.0.1:4318"], 2, /otlp:URL of a collector/],
    [["node", ...NATS, "--nats-creds", "none.creds"], 2, /Cannot read --nats-creds none.creds/],
    [["node", "--nats", "nats://u:SECRET%pw@host"], 2, /--nats.*percent-encoding there, %25 for %/],
    [["up", "--name", "x"], 2, /Cannot use --name: the log is not in NATS; expected --nats URL/],
    [
      ["feed", "level-shift", "--to", target, "--session", "none"],
      1,
      /session none: no node runs; expected one that runs/,
    ],
    [["cluster", "demo", "--scenario", "spikes"], 2, /find scenario spikes.*expected perhaps spike/],
    [["up", ...NATS, "--record", "x"], 2, /Cannot combine --nats with --record/],
  ];
  for (const [args, code, says] of cases) {
    const ended = await run(args);
    assert.is(ended.code, code, `${args.join(" ")}\n${ended.stderr}`);
    assert.match(ended.stderr, says);
    assert.not.match(ended.stderr, /SECRET|ECONNREFUSED.*REFUSED/);
  }
  await plain.dispose();
});

test("a scan is evaluated by other nodes: what a killed one had is done once by another, and the log has all of it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "eigenwatch-scan-"));
  const table = join(folder, "prices.csv");
  const symbols = Array.from({ length: 60 }, (_, k) => `S${k}`);
  const rows = Array.from({ length: 200 }, (_, day) =>
    symbols.map((symbol, k) => `${1_700_000_000 + 86_400 * day},${symbol},${100 + ((day * (k + 3)) % 17)}`),
  );
  writeFileSync(table, `date,symbol,close\n${rows.flat().join("\n")}\n`);
  const joins = (name: string, roles: string) =>
    start([
      ...["node", ...NATS, "--session", "scanned", "--name", name, "--roles", roles, "--port", "0", "--json"],
      ...["--universe", `prices=${table}`],
    ]);
  const gateway = joins("a", "core,gateway");
  const { url } = await gateway.line("listening");
  await gateway.line("owns", ({ partition }) => partition === "p0");
  const killed = joins("w1", "scan");
  const started = await fetch(`${url}scan/stream`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ universe: "prices", rule: "anomaly > 0 or collapse > 0" }),
  });
  assert.is(started.status, 200, await started.clone().text());
  const { scan_id: id } = (await started.json()) as { scan_id: string };
  const told: { type: string; data: { symbol: string } }[] = [];
  const news = condition();
  const socket = new WebSocket(`${url}ws/results/${id}`.replace(/^http/, "ws"));
  socket.on("message", (text) => {
    told.push(JSON.parse(String(text)));
    news.look();
  });
  const of = (type: string) => told.filter((each) => each.type === type);
  await news.until(() => of("result").length > 0);
  // In the middle: the rest of what it had taken is in nobody's hands.
  killed.kill("SIGKILL");
  await killed.ended;
  assert.is(of("complete").length, 0, "the first worker was killed too late to show anything");
  const other = joins("w2", "scan");
  await news.until(() => of("complete").length > 0);
  assert.equal(
    of("result")
      .map(({ data }) => data.symbol)
      .sort(),
    [...symbols].sort(),
  );
  assert.equal(of("error"), []);
  const { events } = (await (await fetch(`${url}api/events?after=0&limit=1000`)).json()) as {
    events: { kind: string; detail: Record<string, unknown> }[];
  };
  const ended = events.filter(({ kind }) => kind === "scan.ended").map(({ detail }) => detail);
  assert.equal(
    ended.map((detail) => [detail["scan"], detail["processed"], detail["reason"]]),
    [[id, symbols.length, "finished"]],
  );
  for (const node of [other, gateway]) {
    node.kill("SIGTERM");
    assert.is((await node.ended).code, 0);
  }
  rmSync(folder, { recursive: true });
});

test("a gateway scans the live channels of all partitions itself, whichever nodes own them, without a universe", async () => {
  const joins = (name: string, roles: string, ...more: string[]) =>
    start([
      ...["node", ...NATS, "--session", "alive", "--name", name, "--roles", roles, "--port", "0", "--json"],
      ...["--partitions", "2", "--partition-of", "east=p0", "--partition-of", "west=p1", ...more],
    ]);
  const walk = (group: string) => ["--feed", `walk?group=${group}&channels=2&rate=100&frame=2&seed=1`];
  const owners = [joins("a", "core"), joins("b", "core")] as const;
  const owned = ["p0", "p1"].map((name) =>
    Promise.any(owners.map((node) => node.line("owns", ({ partition }) => partition === name))),
  );
  const gateway = joins("c", "gateway,feed", ...walk("east"), ...walk("west"));
  const [{ url }] = await Promise.all([gateway.line("listening"), ...owned]);
  const universes = async () => {
    const { universes } = (await (await fetch(`${url}scan/universes`)).json()) as {
      universes: { name: string; symbols: number }[];
    };
    return universes.map(({ name, symbols }) => `${name} ${symbols}`).sort();
  };
  // What the feeds announce paces the looks.
  const announced = async (after: number) =>
    ((await (await fetch(`${url}api/events?after=${after}&wait=200`)).json()) as { next: number }).next;
  for (let after = 0; (await universes()).length < 3; ) after = await announced(after);
  assert.equal(await universes(), ["live 4", "live:east 2", "live:west 2"]);
  const scan = async () => {
    const response = await fetch(`${url}scan/stream?wait=1`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ universe: "live", rule: "sma(3) > 0" }),
    });
    const { results = [] } = (await response.json()) as { results?: { symbol: string }[] };
    return results.map(({ symbol }) => symbol).sort();
  };
  // A feed may have brought less than three rows.
  let found = await scan();
  while (found.length < 4) found = await scan();
  assert.equal(found, ["east/walk1", "east/walk2", "west/walk1", "west/walk2"]);
  const { events } = (await (await fetch(`${url}api/events?after=0&limit=1000`)).json()) as {
    events: { kind: string; detail: Record<string, unknown> }[];
  };
  assert.ok(events.some(({ kind, detail }) => kind === "scan.ended" && detail["processed"] === 4));
  for (const node of [gateway, ...owners]) node.kill("SIGTERM");
  for (const node of [gateway, ...owners]) assert.is((await node.ended).code, 0);
});

test.after(() => server.dispose());

test.run();
