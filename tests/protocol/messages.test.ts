// runtime: either
import { readFileSync } from "node:fs";
import { encode } from "@msgpack/msgpack";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CLOSE_CODES } from "../../protocol/client-schemas.ts";
import { decodeAs, decodeMessage, encodeMessage } from "../../protocol/codec.ts";
import { MalformedMessage } from "../../protocol/errors.ts";
import { frameBody } from "../../protocol/frame-body.ts";
import * as limits from "../../protocol/limits.ts";
import {
  type DecodedMessage,
  isInput,
  MESSAGES,
  type MessageName,
  mayFlow,
  nameOfCode,
} from "../../protocol/messages.ts";
import { SUBJECT_KINDS } from "../../protocol/subjects.ts";
import { fromHex, toHex } from "../conformance/hex.ts";
import { refuses } from "./refusal.ts";

const NAMES = Object.keys(MESSAGES) as MessageName[];
const PAGE = readFileSync(new URL("../../protocol/PROTOCOL.md", import.meta.url), "utf8");

/** The text under a heading, up to the next one. */
function section(heading: string): string {
  const start = PAGE.indexOf(`\n${heading}\n`);
  assert.ok(start >= 0, `PROTOCOL.md has no "${heading}"`);
  const text = PAGE.slice(start + heading.length + 2);
  const end = text.search(/^##/m);
  return end < 0 ? text : text.slice(0, end);
}

/** Cells of the first table in a text, without its heading lines. */
function firstTable(text: string): string[][] {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => /^\| *---/.test(line));
  const rows: string[][] = [];
  for (let k = start + 1; lines[k]?.startsWith("|"); k++)
    rows.push(
      lines[k]!.slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
  return rows;
}

/** Field → whether it may be absent. */
function fieldsOf(name: MessageName): [field: string, optional: boolean][] {
  const { schema } = MESSAGES[name];
  const { entries } = (schema ?? frameBody) as { entries: Record<string, { type: string }> };
  return Object.entries(entries).map(([field, kind]) => [field, kind.type === "optional"]);
}

test("no two messages share a code, and a code identifies its message", () => {
  for (const name of NAMES) assert.is(nameOfCode(MESSAGES[name].code), name);
  assert.is(nameOfCode(0x00), undefined);
  assert.is(nameOfCode(0x60), undefined);
  assert.is(nameOfCode(0xffff), undefined);
});

test("a client may send hello, subscribe, unsubscribe and ping, and nothing else", () => {
  assert.equal(
    NAMES.filter((name) => mayFlow(name, "client→gateway")),
    ["hello", "subscribe", "unsubscribe", "ping"],
  );
  assert.not(mayFlow("unknown", "client→gateway"));
});

test("every hop of a path is allowed, and no other", () => {
  for (const hop of ["feed→core", "core→gateway", "gateway→client"] as const)
    assert.ok(mayFlow("channels", hop));
  assert.not(mayFlow("channels", "gateway→core"));
  assert.not(mayFlow("frame", "gateway→client"));
});

test("only what the core folds is an input", () => {
  assert.ok(isInput({ type: "measurement", gauges: {} }));
  assert.not(isInput({ type: "ping", nonce: 1 }));
  assert.not(isInput({ type: "unknown", version: 1, code: 0x70, body: Uint8Array.of(0x80) }));
});

test("codes 0x01 to 0x1f are inputs, and no others, as PROTOCOL.md says", () => {
  assert.match(section("## Messages"), /^Codes 0x01-0x1f are inputs,/m);
  for (const name of NAMES)
    assert.is(isInput({ type: name } as DecodedMessage), MESSAGES[name].code <= 0x1f, name);
});

test("PROTOCOL.md has the rows of MESSAGES", () => {
  const written = firstTable(section("## Messages")).map((cells) => cells.slice(0, 4));
  const built = NAMES.map((name) => {
    const { code, flow, maxBytes } = MESSAGES[name];
    return [`\`${name}\``, `0x${code.toString(16).padStart(2, "0")}`, flow, String(maxBytes)];
  });
  assert.equal(written, built);
});

for (const name of NAMES) {
  test(`PROTOCOL.md has the fields of ${name}, in their order`, () => {
    const written = firstTable(section(`### ${name}`)).map(([field, kind]) => [
      field,
      /\?$/.test(kind ?? ""),
    ]);
    assert.equal(written, fieldsOf(name));
  });
}

test("PROTOCOL.md has every limit with its value", () => {
  const written = Object.fromEntries(
    firstTable(section("## Limits")).map(([limit, value]) => [limit?.replaceAll("`", ""), Number(value)]),
  );
  assert.equal(written, { ...limits });
});

test("an event is info, notice, warning or critical, and nothing else", () => {
  const event = {
    sequence: 1,
    id: "p0/1/1",
    timeUs: 0,
    kind: "a",
    actor: "b",
    group: "",
    channels: [],
    title: "c",
    detail: {},
  };
  const send = (severity: string) => encode([1, MESSAGES.event.code, { ...event, severity }]);
  for (const severity of ["info", "notice", "warning", "critical"])
    assert.is(decodeAs("event", send(severity)).severity, severity);
  for (const other of ["", "error", "Info"])
    refuses(() => decodeAs("event", send(other)), MalformedMessage, /severity/);
});

test("PROTOCOL.md has the kinds of subjects and the close codes", () => {
  assert.equal(
    firstTable(section("## Subjects")).map(([kind]) => kind?.replaceAll("`", "")),
    Object.keys(SUBJECT_KINDS),
  );
  const rows = Object.fromEntries(
    firstTable(section("### closing")).map(([field, ...cells]) => [field, cells]),
  );
  assert.is(
    rows["reason"]?.[0],
    Object.keys(CLOSE_CODES)
      .map((reason) => `\`${reason}\``)
      .join("·"),
  );
  assert.ok(rows["code"]?.[1]?.startsWith(Object.values(CLOSE_CODES).join(", ")));
});

test("the bytes shown in PROTOCOL.md decode, and encode to themselves", () => {
  const shown = [...PAGE.matchAll(/```hex\n([\s\S]*?)```/g)].map(([, lines]) =>
    (lines ?? "").replace(/#.*$/gm, "").replace(/\s/g, ""),
  );
  assert.is(shown.length, 2);
  for (const hex of shown) assert.is(toHex(encodeMessage(decodeMessage(fromHex(hex)))), hex);
});

test.run();
