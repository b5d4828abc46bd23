// runtime: either
/** `eigenwatch feed check`, as a user runs it. */
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { binanceChange, binanceTrade, openExchange } from "../feeds/exchange-server.ts";
import { run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

test("a table is shown with its channels, spacing and first rows, and what was left out with the reason", async () => {
  const path = join(temporaryDirectory(), "halls.csv");
  writeFileSync(path, "time,hall,cellar\n1700000000,20.5,11\n1700000060,warm,12\n1700000120,20.7,13\n");
  const { code, stdout } = await run(["feed", "check", `file:${path}`]);
  assert.is(code, 0);
  assert.match(stdout, /^file:halls\.csv, recorded$/m);
  assert.match(stdout, /^group halls: 2 channels, rows every 1m, /m);
  assert.match(stdout, /2023-11-14T22:13:20\.000Z {2}hall 20\.5, cellar 11/);
  assert.match(stdout, /line 3, column hall: "warm" is unparsable/);
  assert.match(stdout, /left out, or noticed: 1 unparsable/);
});

test("an exporter is shown with the units of its channels, as JSON when that is asked for", async () => {
  const server = createServer((_, response) => response.end("disk_free_bytes 7\n"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const { code, stdout } = await run(["feed", "check", `prom:127.0.0.1:${port}`, "--rows", "1", "--json"]);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
  assert.is(code, 0);
  const { groups, rows } = JSON.parse(stdout) as {
    groups: { channels: { name: string; unit: string }[] }[];
    rows: { values: Record<string, number> }[];
  };
  assert.equal(
    groups.flatMap(({ channels }) => channels.map(({ name, unit }) => [name, unit])),
    [["disk_free_bytes", "B"]],
  );
  assert.equal(
    rows.map(({ values }) => values),
    [{ disk_free_bytes: 7 }],
  );
});

test("an exchange is shown with the channels of its books", async () => {
  const { server, address, close } = await openExchange();
  const book = { lastUpdateId: 10, bids: [["100.0", "1"]], asks: [["100.5", "3"]] };
  server.answer = () => ({ status: 200, body: JSON.stringify(book) });
  const url = encodeURIComponent(address);
  const checking = run(["feed", "check", `binance:btcusdt?depth=1&url=${url}`, "--rows", "1"]);
  await server.connected();
  server.send(binanceTrade("BTCUSDT", 1, 100), binanceChange(11, 11, {}));
  const { code, stdout } = await checking;
  await close();
  assert.is(code, 0);
  assert.match(stdout, /^group binance-book: 5 channels, ticks /m);
  assert.match(stdout, /BTCUSDT mid 100\.25, BTCUSDT spread 0\.5, BTCUSDT imbalance -0\.5/);
});

test("states are shown with the populations of their levels", async () => {
  const path = join(temporaryDirectory(), "qubit.ndjson");
  const states = [
    {
      time: 1700000000,
      re: [
        [0.75, 0.1],
        [0.1, 0.25],
      ],
    },
    { time: 1700000001, psi: { re: [0.6, 0], im: [0, 0.8] } },
  ];
  for (const [k, state] of states.entries()) {
    writeFileSync(path, `${JSON.stringify(state)}\n`);
    const { code, stdout } = await run(["feed", "check", `file:${path}`]);
    assert.is(code, 0);
    assert.match(stdout, [/\|0⟩ 0\.75, \|1⟩ 0\.25$/m, /\|0⟩ 0\.36, \|1⟩ 0\.64$/m][k]!);
  }
});

test("what a feed reports is shown while it is being waited for", async () => {
  const program = start(["feed", "check", "prom:127.0.0.1:9", "--for", "5m"]);
  while (!program.stdout.includes("stalled: ")) await new Promise((resolve) => setImmediate(resolve));
  program.kill("SIGINT");
  assert.is((await program.ended).code, 1);
});

test("a feed that brings nothing says why and ends with 1, one that cannot be ends with 2", async () => {
  const nothing = await run(["feed", "check", "prom:127.0.0.1:9", "--for", "300ms"]);
  assert.is(nothing.code, 1);
  assert.match(nothing.stdout, /stalled: Cannot scrape http:\/\/127\.0\.0\.1:9\/metrics: /);
  const unknown = await run(["feed", "check", "binance:?"]);
  assert.is(unknown.code, 2);
  assert.match(unknown.stderr, /expected/);
});

test.run();
