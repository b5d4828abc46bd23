import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { JournalLocked } from "../../actors/journal/errors.ts";
import { openJournal } from "../../actors/journal/file.ts";
import { appendAll, rejection, withFolder } from "./builders.ts";

test("recording has one writer; a second one is refused until the first has closed", async () => {
  await withFolder(async (directory) => {
    const first = await openJournal(directory);
    await appendAll(first, 1, 1);
    const refused = await rejection(openJournal(directory));
    assert.instance(refused, JournalLocked);
    assert.match(refused.message, `Cannot write ${directory}: this process writes it`);
    await first.close();
    assert.not(existsSync(join(directory, "journal.lock")));
    const second = await openJournal(directory);
    await appendAll(second, 2, 2);
    await second.close();
  });
});

test("recording is opened for writing once when two ask at the same moment", async () => {
  await withFolder(async (directory) => {
    const opened = await Promise.allSettled([openJournal(directory), openJournal(directory)]);
    assert.equal(opened.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    for (const each of opened) if (each.status === "fulfilled") await each.value.close();
  });
});

test("recording of a living process is refused by its name", async () => {
  await withFolder(async (directory) => {
    // The parent process lives as long as this test.
    writeFileSync(join(directory, "journal.lock"), lockOf({ pid: process.ppid }));
    const refused = await rejection(openJournal(directory));
    assert.instance(refused, JournalLocked);
    assert.match(refused.message, `process ${process.ppid} on ${hostname()} writes it`);
  });
});

test("recording of a dead process is taken over, and says so", async () => {
  await withFolder(async (directory) => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    // This process's own id with no journal open is the id of a dead one, too: the same number comes again in containers.
    for (const dead of [pid, process.pid]) {
      writeFileSync(join(directory, "journal.lock"), lockOf({ pid: dead }));
      const reports: unknown[] = [];
      const journal = await openJournal(directory, { onReport: (report) => reports.push(report) });
      assert.equal(reports, [{ kind: "staleLock", pid: dead }]);
      assert.is(JSON.parse(readFileSync(join(directory, "journal.lock"), "utf8")).pid, process.pid);
      await journal.close();
    }
  });
});

test("recording of a process whose id went to another one is taken over", async () => {
  if (process.platform !== "linux") return;
  await withFolder(async (directory) => {
    writeFileSync(join(directory, "journal.lock"), lockOf({ pid: process.ppid, started: "1" }));
    await (await openJournal(directory)).close();
  });
});

test("recording whose lock was never finished is taken over", async () => {
  await withFolder(async (directory) => {
    for (const text of ["", '{"pid":']) {
      writeFileSync(join(directory, "journal.lock"), text);
      await (await openJournal(directory)).close();
    }
  });
});

test("recording locked on another machine is refused, and the error says what to do", async () => {
  await withFolder(async (directory) => {
    writeFileSync(join(directory, "journal.lock"), lockOf({ pid: 1, host: "elsewhere" }));
    assert.match(
      (await rejection(openJournal(directory))).message,
      "process 1 on elsewhere writes it; expected another folder, or that writer stopped; if it is gone, delete",
    );
  });
});

function lockOf(owner: { pid: number; host?: string; started?: string }): string {
  return JSON.stringify({ host: hostname(), started: "", ...owner });
}

test.run();
