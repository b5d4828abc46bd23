// slow
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Disk, readWhole, realDisk } from "../../actors/journal/disk.ts";
import { JournalLocked } from "../../actors/journal/errors.ts";
import { type JournalOptions, openJournal } from "../../actors/journal/file.ts";
import type { LockOwner } from "../../actors/journal/lock.ts";
import { skip } from "../support/skip.ts";
import { appendAll, blockNumbers, damageOf, range, rejection, withFolder } from "./builders.ts";
import { CONTAINER, withOpeners } from "./opener-process.ts";

const OPENERS = 6;
/** A race that two openers win in a third of the rounds stays hidden in one of 20,000 runs of 25. */
const ROUNDS = process.env["EIGENWATCH_LONG"] === "1" ? 100 : 25;
/** Signs given and taken back by each of three. */
const ASKED = 300;

test("recording has one writer; a second one is refused until the first has closed", async () => {
  await withFolder(async (directory) => {
    const first = await openJournal(directory);
    await appendAll(first, 1, 1);
    const refused = await rejection(openJournal(directory));
    assert.instance(refused, JournalLocked);
    assert.match(refused.message, `Cannot write ${directory}: this process writes it`);
    await first.close();
    assert.equal(lockFiles(directory), []);
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
    await withOpeners(1, async ([writer]) => {
      assert.is(await writer!.ask(`open ${directory}`), "opened");
      const refused = await rejection(openJournal(directory));
      assert.instance(refused, JournalLocked);
      assert.match(refused.message, `process ${writer!.pid} on ${hostname()} writes it`);
    });
  });
});

test("recording of a dead process is taken over, and says so", async () => {
  await withFolder(async (directory) => {
    const dead = await killedWriter(directory);
    // This process's own id with no journal open is the id of a dead one, too: the same number comes again in containers.
    for (const pid of [dead.pid, process.pid]) {
      writeLock(directory, { ...dead, pid });
      const reports: unknown[] = [];
      const journal = await openJournal(directory, { onReport: (report) => reports.push(report) });
      assert.equal(reports, [{ kind: "staleLock", pid }]);
      assert.is(lockOf(directory).pid, process.pid);
      await journal.close();
      assert.equal(lockFiles(directory), []);
    }
  });
});

test("recording is refused to a second container of the same host name while the first one writes, and not after it", async () => {
  const tried = spawnSync(CONTAINER[0], [...CONTAINER.slice(1), "true"]);
  if (tried.status !== 0)
    return skip(`unshare --pid: ${tried.error?.message ?? String(tried.stderr).trim()}`);
  await withFolder(async (directory) => {
    await withOpeners(
      2,
      async ([first, second]) => {
        assert.is(await first!.ask(`open ${directory}`), "opened");
        assert.is(await first!.ask("append"), "appended 1");
        const refused = await second!.ask(`open ${directory}`);
        assert.match(refused, `process 1 of another container on ${hostname()} writes it`);
        assert.is(await first!.ask("append"), "appended 2");
        await first!.kill();
        assert.is(await second!.ask(`open ${directory}`), "opened");
        assert.is(await second!.ask("append"), "appended 3");
      },
      CONTAINER,
    );
    const journal = await openJournal(directory, { readOnly: true });
    assert.equal(await blockNumbers(journal), range(1, 3));
    await journal.close();
  });
});

test("of six openers at the lock of a dead process exactly one gets it, in each of many rounds", async () => {
  await withFolder(async (folder) => {
    const dead = await killedWriter(folder);
    await race((directory) => {
      mkdirSync(directory);
      writeLock(directory, dead);
    });
  });
});

test("of six openers at no lock or an empty one exactly one gets it, in each of many rounds", async () => {
  await race((directory, round) => {
    mkdirSync(directory);
    if (round % 2 === 0) writeFileSync(join(directory, "journal.lock"), "");
  });
});

/** `prepare` makes the folder as the openers find it. */
async function race(prepare: (directory: string, round: number) => void): Promise<void> {
  await withFolder(async (folder) => {
    await withOpeners(OPENERS, async (openers) => {
      for (const round of range(1, ROUNDS)) {
        const directory = join(folder, `round-${round}`);
        prepare(directory, round);
        const answers = await Promise.all(openers.map((opener) => opener.ask(`open ${directory}`)));
        const winners = openers.filter((_, i) => answers[i] === "opened");
        assert.is(winners.length, 1, `round ${round}: ${answers.join("; ")}`);
        await winners[0]!.ask("close");
        assert.equal(lockFiles(directory), [], `round ${round}`);
      }
    });
  });
}

test("recording whose lock was never finished is taken over", async () => {
  await withFolder(async (directory) => {
    for (const text of ["", '{"pid":', "[]", "null"]) {
      writeFileSync(join(directory, "journal.lock"), text);
      await (await openJournal(directory)).close();
    }
  });
});

test("recording locked on another machine is refused, and the error says what to do", async () => {
  await withFolder(async (directory) => {
    writeFileSync(join(directory, "journal.lock"), JSON.stringify({ pid: 1, host: "elsewhere" }));
    assert.match(
      (await rejection(openJournal(directory))).message,
      "process 1 on elsewhere writes it; expected another folder, or that writer stopped; if it is gone, delete journal.lock there",
    );
  });
});

test("recording that was locked before this machine was started again is taken over; another machine's is not", async () => {
  if (process.platform !== "linux") return skip("ids of kernel runs are Linux's");
  await withFolder(async (directory) => {
    const before = { ...(await killedWriter(directory)), boot: "00000000-0000-4000-8000-000000000000" };
    writeLock(directory, { ...before, host: "elsewhere" });
    assert.match((await rejection(openJournal(directory))).message, "on elsewhere writes it");
    writeLock(directory, before);
    // On a network the same name may be another machine's: containers are named alike.
    const onNetwork: Disk = { ...realDisk, isLocal: async () => false };
    assert.instance(await rejection(openJournal(directory, { disk: onNetwork })), JournalLocked);
    await (await openJournal(directory)).close();
  });
});

test("recording is refused while its writer lives, although containers have boot ids of their own", async () => {
  if (process.platform !== "linux") return skip("ids of kernel runs are Linux's");
  await withFolder(async (directory) => {
    await withOpeners(1, async ([writer]) => {
      assert.is(await writer!.ask(`open ${directory}`), "opened");
      writeLock(directory, { ...lockOf(directory), boot: "00000000-0000-4000-8000-000000000000" });
      const onDisk: Disk = { ...realDisk, isLocal: async () => true };
      assert.instance(await rejection(openJournal(directory, { disk: onDisk })), JournalLocked);
    });
  });
});

test("recording on a file system without sockets has one writer, and is taken over in the PID namespace of a dead one", async () => {
  const disk: Disk = { ...realDisk, raiseSign: async () => null };
  await withFolder(async (directory) => {
    const journal = await openJournal(directory, { disk });
    const own = lockOf(directory);
    assert.match((await rejection(openJournal(directory, { disk }))).message, "this process writes it");
    await journal.close();
    if (process.platform !== "linux") return;
    // The parent process lives as long as this test; another start means that its id went to another process.
    const parent = { ...own, token: "0123456789abcdef", pid: process.ppid };
    writeLock(directory, { ...parent, started: "" });
    assert.instance(await rejection(openJournal(directory, { disk })), JournalLocked);
    writeLock(directory, { ...parent, started: "1", namespace: "pid:[1]" });
    assert.match(
      (await rejection(openJournal(directory, { disk }))).message,
      "if it is gone, delete journal.lock",
    );
    writeLock(directory, { ...parent, started: "1" });
    await (await openJournal(directory, { disk })).close();
    // A process that has ended, of which nothing is known but its id.
    const ended = spawnSync(process.execPath, ["--version"]).pid;
    writeLock(directory, { ...parent, pid: ended, started: "" });
    await (await openJournal(directory, { disk })).close();
  });
});

test("recording whose path is too long for a socket has one writer", async () => {
  await withFolder(async (folder) => {
    const directory = join(folder, "x".repeat(100));
    await withOpeners(2, async ([first, second]) => {
      assert.is(await first!.ask(`open ${directory}`), "opened");
      assert.is(lockOf(directory).signs, true);
      assert.match(await second!.ask(`open ${directory}`), `process ${first!.pid} on`);
      await first!.kill();
      assert.is(await second!.ask(`open ${directory}`), "opened");
    });
  });
});

test("recording whose path is too long for a socket is refused to a process without a folder for temporary files", async () => {
  await withFolder(async (folder) => {
    const directory = join(folder, "x".repeat(100));
    await withOpeners(1, async ([writer]) => {
      assert.is(await writer!.ask(`open ${directory}`), "opened");
      await withTemporaryFolder(join(folder, "missing"), async () => {
        assert.instance(await rejection(openJournal(directory)), JournalLocked);
      });
    });
  });
});

test("what dead openers left beside the lock is removed by the next writer, and nothing else", async () => {
  await withFolder(async (directory) => {
    const dead = await killedWriter(directory);
    for (const name of [`journal.lock.${dead.token}`, `journal.lock.${dead.token}.tmp`])
      writeFileSync(join(directory, name), JSON.stringify(dead));
    writeFileSync(join(directory, "journal.lock.mine"), "");
    const journal = await openJournal(directory);
    const { token } = lockOf(directory);
    assert.equal(
      lockFiles(directory),
      ["journal.lock", `journal.lock.${token}.sign`, "journal.lock.mine"].sort(),
    );
    await journal.close();
    assert.equal(lockFiles(directory), ["journal.lock.mine"]);
  });
});

test("[K5] writer whose lock was deleted and taken by another process halts, and overwrites nothing", async () => {
  await withFolder(async (directory) => {
    const journal = await openJournal(directory);
    await appendAll(journal, 1, 3);
    rmSync(join(directory, "journal.lock"));
    await withOpeners(1, async ([other]) => {
      assert.is(await other!.ask(`open ${directory}`), "opened");
      assert.is(await other!.ask("append"), "appended 4");
      const before = readFileSync(join(directory, "0000000001.seg"));
      const halted = await rejection(appendAll(journal, 4, 4));
      assert.match(
        halted.message,
        `process ${other!.pid} on ${hostname()} holds its lock now; nothing was overwritten`,
      );
      assert.is(journal.halted, halted);
      await journal.close();
      assert.equal(readFileSync(join(directory, "0000000001.seg")), before);
      assert.is(lockOf(directory).pid, other!.pid);
      assert.is(await other!.ask("append"), "appended 5");
    });
    const again = await openJournal(directory);
    assert.equal(await blockNumbers(again), range(1, 5));
    assert.equal(await damageOf(again), []);
    await again.close();
  });
});

const SURPRISES: [what: string, make: (directory: string, segment: string) => void, found: RegExp][] = [
  ["lock was deleted", (directory) => rmSync(join(directory, "journal.lock")), /its journal\.lock is gone/],
  ["segment was removed", (_, segment) => rmSync(segment), /0000000001\.seg is gone/],
  [
    "segment was cut",
    (_, segment) => writeFileSync(segment, readFileSync(segment).subarray(0, 200)),
    /has 200 bytes/,
  ],
  [
    "segment grew",
    (_, segment) => writeFileSync(segment, "more", { flag: "a" }),
    /has \d+ bytes; .*expected \d+ bytes/,
  ],
  [
    "segment was replaced",
    (_, segment) => {
      const bytes = readFileSync(segment);
      rmSync(segment);
      // Keeps the number of the removed file from being given to the new one.
      symlinkSync("nowhere", `${segment}.link`);
      writeFileSync(segment, bytes);
    },
    /is another file/,
  ],
];

for (const [what, make, found] of SURPRISES) {
  test(`[K5] writer whose ${what} halts, leaves the files as they are, and says what it found`, async () => {
    await withFolder(async (directory) => {
      const options: JournalOptions = { segmentBytes: 100_000 };
      const journal = await openJournal(directory, options);
      await appendAll(journal, 1, 3, 1000);
      const segment = join(directory, "0000000001.seg");
      make(directory, segment);
      const before = existsSync(segment) ? readFileSync(segment) : null;
      assert.match((await rejection(appendAll(journal, 4, 4))).message, found);
      await journal.close();
      assert.equal(existsSync(segment) ? readFileSync(segment) : null, before);
    });
  });
}

test("files that are opened while signs of life are given, asked for and taken back stay open", async () => {
  await withFolder(async (directory) => {
    const path = join(directory, "file");
    writeFileSync(path, "content");
    let asking = true;
    const ask = async (name: string): Promise<void> => {
      for (let round = 0; round < ASKED; round++) {
        const at = join(directory, `${name}-${round}`);
        const sign = await realDisk.raiseSign(at);
        assert.is(await realDisk.isSignAlive(at), true);
        await sign!.close();
        assert.is(await realDisk.isSignAlive(at), false);
      }
    };
    const read = async (): Promise<void> => {
      while (asking) assert.is((await readWhole(realDisk, path)).length, "content".length);
    };
    const readers = Promise.all(range(1, 4).map(read));
    // A reader that fails ends the test at once.
    await Promise.race([Promise.all(["a", "b", "c"].map(ask)), readers]);
    asking = false;
    await readers;
  });
});

/** Who held the lock that a killed process left in the folder. */
async function killedWriter(directory: string): Promise<LockOwner> {
  await withOpeners(1, async ([writer]) => {
    assert.is(await writer!.ask(`open ${directory}`), "opened");
  });
  return lockOf(directory);
}

function lockOf(directory: string): LockOwner {
  return JSON.parse(readFileSync(join(directory, "journal.lock"), "utf8"));
}

function writeLock(directory: string, owner: LockOwner): void {
  writeFileSync(join(directory, "journal.lock"), JSON.stringify(owner));
}

/** Names a folder for temporary files during `act`. */
async function withTemporaryFolder(path: string, act: () => Promise<void>): Promise<void> {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = path;
  try {
    await act();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

function lockFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.startsWith("journal.lock"))
    .sort();
}

test.run();
