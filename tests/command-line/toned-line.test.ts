// runtime: either
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { localTimeText } from "../../actors/command-line/local-time.ts";
import { showsColour, tonedLine } from "../../actors/command-line/toned-line.ts";

test("a terminal shows tones by colour; a pipe, NO_COLOR and a dumb terminal get the words alone", () => {
  const terminal = { isTTY: true };
  assert.ok(showsColour(terminal, { TERM: "xterm-256color" }));
  assert.ok(showsColour(terminal, { NO_COLOR: "" }));
  assert.not(showsColour({}, { TERM: "xterm" }));
  assert.not(showsColour(terminal, { NO_COLOR: "1" }));
  assert.not(showsColour(terminal, { TERM: "dumb" }));
  const parts = [["critical", "critical"], "  ", ["strong", "disk is full"]] as const;
  assert.is(tonedLine(parts, false), "critical  disk is full");
  assert.is(tonedLine(parts, true), "\x1b[1;31mcritical\x1b[0m  \x1b[1mdisk is full\x1b[0m");
});

test("a name from outside sends no escape sequence to a terminal, with and without colour", () => {
  const name = "cpu\x1b]0;owned\x07\n";
  const plain = tonedLine([name], true);
  assert.not(
    ["\x1b", "\x07", "\n"].some((control) => plain.includes(control)),
    plain,
  );
  assert.is(tonedLine([["notice", name]], true), `\x1b[36m${plain}\x1b[0m`);
});

test("times of the terminal are those of the person's zone, which is written", () => {
  const timeUs = Date.UTC(2026, 0, 2, 3, 4, 5, 678) * 1000;
  const before = process.env["TZ"];
  try {
    const texts = ["UTC", "Asia/Kolkata", "America/St_Johns"].map((zone) => {
      process.env["TZ"] = zone;
      return localTimeText(timeUs);
    });
    assert.equal(texts, [
      "2026-01-02T03:04:05.678Z",
      "2026-01-02T08:34:05.678+05:30",
      "2026-01-01T23:34:05.678-03:30",
    ]);
  } finally {
    if (before === undefined) delete process.env["TZ"];
    else process.env["TZ"] = before;
  }
});

test.run();
