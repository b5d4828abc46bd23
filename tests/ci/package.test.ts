// runtime: node
// slow
/** The package that people install: it runs by itself, and its libraries have types. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { findProgram, ROOT } from "../../.ci/runtime.mjs";
import { start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { skip } from "../support/skip.ts";

const npm = findProgram("npm");
const place = temporaryDirectory();
const modules = join(place, "node_modules");
const installed = join(modules, "eigenwatch");

/** As npm does it, with the packages that it needs from the checkout. */
function install(): void {
  const packed = spawnSync(process.execPath, [join(ROOT, ".ci", "task.mjs"), "pack"], { encoding: "utf8" });
  assert.is(packed.status, 0, packed.stderr);
  const [, tarball] = /^(dist\/eigenwatch-.*\.tgz) \(\d+ kB\)$/m.exec(packed.stdout)!;
  mkdirSync(installed, { recursive: true });
  const unpack = ["-xzf", join(ROOT, tarball!), "-C", installed, "--strip-components=1"];
  assert.is(spawnSync("tar", unpack).status, 0);
  const { dependencies } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  for (const name of [...Object.keys(dependencies), "@types", "undici-types"])
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
}

if (npm === null) skip("no npm");
else install();

test("the program of the package runs in a folder of its own, with its page, and partitions in threads", async () => {
  if (npm === null) return;
  const up = ["up", "--feed", "walk?rate=100", "--partitions", "2", "--port", "0", "--json"];
  process.env["EIGENWATCH_TEST_PROGRAM"] = join(installed, "dist", "eigenwatch.mjs");
  const program = start(up);
  const { url } = await program.line("listening");
  const page = await fetch(String(url));
  assert.match(await page.text(), "<script");
  const { sessions } = (await (await fetch(`${url}api/sessions`)).json()) as { sessions: unknown[] };
  assert.is(sessions.length, 2);
  program.kill("SIGINT");
  const { code, stderr } = await program.ended;
  assert.is(code, 0, stderr);
});

test("programs import the libraries of the package with their types", () => {
  if (npm === null) return;
  writeFileSync(join(place, "package.json"), '{"type": "module"}');
  writeFileSync(
    join(place, "uses.ts"),
    `import { SessionClient } from "eigenwatch/client";
import { joinSession } from "eigenwatch/collab";
import type { ActorKit, Batch } from "eigenwatch/actors";

export default ({ defineDetector, v }: ActorKit) =>
  defineDetector({
    name: "gap",
    settings: { most: v.optional(v.number(), 6) },
    create: ({ most, enabled }) => ({
      fields: { state: new Float64Array(1) },
      update(batch: Batch, context) {
        const timeUs = batch.rowTime[0] ?? 0;
        if (enabled && most > 1) context.signal({ type: "over", timeUs, key: "a", title: "a" });
        // @ts-expect-error its machine knows no such signal
        context.signal({ type: "ended", timeUs });
      },
    }),
  });
export const titles: string[] = [];
export const watching = new SessionClient({
  name: "uses 1.0",
  connect: () => new WebSocket("ws://127.0.0.1:1/ws"),
  joined: () => ({ event: ({ title }) => void titles.push(title) }),
});
// @ts-expect-error an event has no such field
export const wrong = new SessionClient({ name: "", connect: () => new WebSocket(""), joined: () => ({ event: ({ titel }) => titel }) });
export const join: typeof joinSession = joinSession;
`,
  );
  const options = [
    "--module",
    "nodenext",
    "--target",
    "es2022",
    "--lib",
    "es2023,dom",
    "--strict",
    "--types",
    "node",
  ];
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...options, "uses.ts"], {
    cwd: place,
    encoding: "utf8",
  });
  assert.is(status, 0, stdout);
  const script =
    'import { SessionClient } from "eigenwatch/client"; import { joinSession } from "eigenwatch/collab"; console.log(typeof SessionClient, typeof joinSession);';
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: place,
    encoding: "utf8",
  });
  assert.is(run.stdout, "function function\n", run.stderr);
});

test.run();
