/**
 * Records a golden session with the real program, and notes what it leads to in recorded/golden.json.
 *
 *     node --import tsx tests/conformance/recorded.write.ts NAME
 *
 * NAME is a new folder in recorded/, such as "session-3". A recording that is there is never made again: it is what users have on their disks.
 * Its files are gzipped.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type RunningProgram, run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { digestOf, GOLDEN, type RecordingDigest } from "./recorded-digest.ts";

const RECORDED = fileURLToPath(new URL("recorded/", import.meta.url));

/** A live walk and whole states; small windows keep the snapshots small. */
const UP = [
  ...["up", "--feed", "walk?group=walk&channels=3&rate=100&frame=8&seed=2"],
  ...["--feed", "synth:quantum-telegraph?seed=5&speed=1&form=density&rate=20&duration=20s"],
  ...["--set", "anomaly.windowSamples=32", "--set", "anomaly.warmupSamples=16"],
  ...["--set", "collapse.calibrationRows=120", "--set", "estimator.warmupRows=32"],
  ...["--set", "changes.enabled=true"],
  ...["--port", "0", "--json"],
];

const [name] = process.argv.slice(2);
if (name === undefined) throw new Error("Cannot record: no name; expected NAME");
const directory = join(RECORDED, name);
if (existsSync(directory)) throw new Error(`Cannot record ${name}: it is there; expected a new name`);

const working = join(temporaryDirectory(), name);

await session(async (program, ask) => {
  await program.line("event", ({ kind }) => kind === "collapse.calibrated");
  await ask("settings", { path: "anomaly.falseAlarmsPerDay", value: 200 });
  await ask("settings", { path: "trajectory.memoryStates", value: 8 });
  await ask("inject", { scenario: "spike", group: "walk", strength: 4, durationSeconds: 1 });
  await program.line("event", ({ kind }) => kind === "injection.ended");
  await ask("inject", { scenario: "level-shift", group: "walk", strength: 8, durationSeconds: 600 });
  await program.line("event", ({ kind }) => kind === "anomaly.started");
  program.kill("SIGKILL");
});
await session(async (program, ask) => {
  await ask("settings", { path: "anomaly.falseAlarmsPerDay", value: 100 });
  await program.line("event", ({ kind }) => kind === "coherence.warmed" || kind === "config.changed");
  program.kill("SIGINT");
});
const key = join(working, "..", "golden");
await succeeds(["verify", "keygen", "--out", key]);
await succeeds(["verify", working, "--sign", `${key}.key`]);

mkdirSync(directory);
for (const file of [...readdirSync(working).map((each) => join(working, each)), `${key}.pub`])
  writeFileSync(join(directory, `${basename(file)}.gz`), gzipSync(readFileSync(file), { level: 9 }));
const all: Record<string, RecordingDigest> = { ...GOLDEN, [name]: await digestOf(working) };
writeFileSync(join(RECORDED, "golden.json"), `${JSON.stringify(all, null, 2)}\n`);

type Ask = (path: string, body: object) => Promise<void>;

async function session(act: (program: RunningProgram, ask: Ask) => Promise<void>): Promise<void> {
  const program = start([...UP, "--record", working]);
  const { url } = await program.line("listening");
  await act(program, async (path, body) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${url}api/${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`Cannot ask ${path}: ${response.status} ${await response.text()}`);
  });
  await program.ended;
}

async function succeeds(args: string[]): Promise<void> {
  const { code, stdout, stderr } = await run(args);
  if (code !== 0) throw new Error(`Cannot ${args.join(" ")}: ${stdout}${stderr}`);
}
