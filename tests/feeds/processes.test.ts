// runtime: either
/** Which processes do most while something of this machine is unusual. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type ProcessUse, ratesBetween, readProcesses } from "../../actors/feeds/mod.ts";
import type { SessionListener } from "../../actors/ports/session.ts";
import { nameProcesses } from "../../collab/live/name-processes.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { createManualClock } from "../support/clock.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { skip } from "../support/skip.ts";

/** Ends when it is killed. */
const BUSY = "Deno" in globalThis ? ["eval", "for (;;);"] : ["-e", "for (;;);"];

test("a process is read with its name, whatever is in it, and what it has used", async () => {
  const folder = temporaryDirectory();
  mkdirSync(join(folder, "42"));
  // Fields as in proc(5): name, state, … 14 and 15 ticks, … 22 start.
  const fields = ["S", ...Array.from({ length: 49 }, (_, k) => String(k + 4))];
  writeFileSync(join(folder, "42", "stat"), `42 (a) b (c) ${fields.join(" ")}\n`);
  writeFileSync(join(folder, "42", "status"), "Name:\ta) b (c\nVmRSS:\t    2048 kB\n");
  writeFileSync(
    join(folder, "42", "io"),
    "rchar: 1\nread_bytes: 10\nwrite_bytes: 30\ncancelled_write_bytes: 0\n",
  );
  mkdirSync(join(folder, "43"));
  const [only, ...others] = (await readProcesses(folder)).values();
  assert.equal(others, []);
  assert.equal(only, {
    ...{ key: "42 22", pid: 42, name: "a) b (c" },
    ...{ processorSeconds: 0.29, residentBytes: 2048 * 1024, readBytes: 10, writtenBytes: 30 },
  });
  assert.is((await readProcesses(join(folder, "none"))).size, 0);
});

test("a process of this machine that is busy uses processor time between two looks", async () => {
  if (!existsSync("/proc/self/stat")) return skip("no /proc");
  const child = spawn(process.execPath, [...BUSY], { stdio: "ignore" });
  try {
    const of = (uses: ReadonlyMap<string, ProcessUse>) =>
      [...uses.values()].find(({ pid }) => pid === child.pid);
    let before = await readProcesses();
    while (of(before) === undefined) before = await readProcesses();
    let after = before;
    while (of(after)!.processorSeconds - of(before)!.processorSeconds < 0.1) after = await readProcesses();
    const rate = ratesBetween(before, after, 1).find(({ pid }) => pid === child.pid)!;
    assert.ok(rate.processor >= 9);
    assert.ok(rate.residentBytes > 1e6);
    assert.ok(rate.name.length > 0);
  } finally {
    child.kill("SIGKILL");
  }
});

function use(pid: number, name: string, rest: Partial<ProcessUse>): [string, ProcessUse] {
  const nothing = { processorSeconds: 0, residentBytes: 0, readBytes: 0, writtenBytes: 0 };
  return [`${pid}`, { key: `${pid}`, pid, name, ...nothing, ...rest }];
}

/** What is announced of one event in group host. */
async function announced(event: Partial<EventMessage>): Promise<{ title: string; detail: object }[]> {
  const clock = createManualClock();
  const listeners: SessionListener[] = [];
  const looks = [
    new Map([use(1, "dd", {}), use(2, "stress-ng", { processorSeconds: 10 }), use(3, "idle", {})]),
    new Map([
      use(1, "dd", { writtenBytes: 41_300_000, processorSeconds: 0.1 }),
      use(2, "stress-ng", { processorSeconds: 10.98, residentBytes: 3e9 }),
      use(3, "idle", {}),
    ]),
  ];
  const said: { title: string; detail: object }[] = [];
  const end = nameProcesses({
    session: {
      groups: () => [{ type: "channels", source: "host", group: "host" } as never],
      subscribe: (listener) => {
        listeners.push(listener);
        return () => {};
      },
    },
    clock,
    sources: new Set(["host"]),
    announce: ({ title, detail }) => said.push({ title, detail }),
    read: async () => looks.shift() ?? new Map(),
  });
  for (const { event: hear } of listeners)
    hear?.({
      kind: "incident.opened",
      group: "host",
      channels: [],
      detail: { incident: 7 },
      ...event,
    } as EventMessage);
  await clock.advance(1_000);
  end();
  return said;
}

test("an incident of this machine names who does most of what it is about", async () => {
  const [disks] = await announced({ channels: ["disk.written"] });
  assert.is(disks!.title, "Most on disks: dd (1) 41.3 MB/s");
  assert.equal(disks!.detail, {
    incident: 7,
    processor: "stress-ng (2) 98 % of a core, dd (1) 10 % of a core",
    memory: "stress-ng (2) 3.00 GB",
    disk: "dd (1) 41.3 MB/s",
  });
  const [memory] = await announced({ channels: ["memory.used"] });
  assert.is(memory!.title, "Most memory: stress-ng (2) 3.00 GB");
  const [processor] = await announced({ kind: "incident.grew", channels: ["cpu.busy"] });
  assert.is(processor!.title, "Most processor time: stress-ng (2) 98 % of a core, dd (1) 10 % of a core");
});

test("incidents of other groups, and what is no incident, are left alone", async () => {
  assert.equal(await announced({ group: "prices" }), []);
  assert.equal(await announced({ kind: "anomaly.began" }), []);
});

test.run();
