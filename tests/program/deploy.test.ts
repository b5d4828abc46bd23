// runtime: either
// requires: python3
/** What docs/deploy holds fits the program: the unit of systemd, and the names that a dashboard and rules of alarms ask for. */
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parse } from "yaml";
import { findProgram, ROOT } from "../../.ci/runtime.mjs";
import { run, start } from "../support/program-run.ts";
import { program } from "../support/programs.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { skip } from "../support/skip.ts";

const DEPLOY = join(ROOT, "docs", "deploy");
const text = (name: string) => readFileSync(join(DEPLOY, name), "utf8");

test("systemd takes the unit without a complaint", () => {
  const analyze = findProgram("systemd-analyze");
  if (analyze === null) {
    skip("no systemd-analyze");
    return;
  }
  const { stderr, stdout } = spawnSync(analyze, ["verify", "--man=no", join(DEPLOY, "eigenwatch.service")], {
    encoding: "utf8",
  });
  const complaints = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("eigenwatch.service"));
  assert.equal(complaints, []);
});

test("the configuration of the unit can be used", async () => {
  const unit = text("eigenwatch.service");
  assert.match(unit, /^ExecStart=.* up --config \/etc\/eigenwatch\/eigenwatch\.yaml/m);
  const { code, stdout, stderr } = await run(["config", "check", join(DEPLOY, "eigenwatch.yaml")]);
  assert.is(code, 0, stderr);
  assert.match(stdout, "recording   /var/lib/eigenwatch/recording\n");
});

/** Listens as systemd does, and prints what it is told. */
const LISTENER = `import socket, sys
told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
told.bind(sys.argv[1])
print("ready", flush=True)
while True:
    print(told.recv(4096).decode().replace("\\n", " "), flush=True)
`;

test("a service says that it is ready and that it stops; its metrics have the names that dashboard and rules ask for", async () => {
  if (findProgram("systemd-notify") === null) {
    skip("no systemd-notify");
    return;
  }
  const place = join(temporaryDirectory(), "notify");
  const listener = spawn(program("python3")!, ["-c", LISTENER, place], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: listener.stdout })[Symbol.asyncIterator]();
  const told = async (word: string): Promise<void> => {
    while (!String((await lines.next()).value).includes(word));
  };
  try {
    await told("ready");
    const service = start(["up", "--feed", "walk?rate=40", "--port", "0", "--json"], {
      env: { NOTIFY_SOCKET: place },
    });
    await told("READY=1");
    const { url } = await service.line("listening");
    // The partition tells its own once a second.
    let exposed = "";
    while (!exposed.includes("eigenwatch_shed")) exposed = await (await fetch(`${url}metrics`)).text();
    lint(["check", "metrics"], exposed);
    service.kill("SIGTERM");
    await told("STOPPING=1");
    assert.is((await service.ended).code, 0);
    compare(exposed);
  } finally {
    listener.kill("SIGKILL");
  }
});

/** By what Prometheus itself takes; where it is not installed, nothing is checked. */
function lint(args: string[], input = ""): void {
  const promtool = findProgram("promtool");
  if (promtool === null) {
    skip("no promtool");
    return;
  }
  const { status, stderr, stdout } = spawnSync(promtool, args, { encoding: "utf8", input });
  assert.is(`${status} ${stderr.trim()}`, "0 ", stdout);
}

test("Prometheus takes the rules of alarms", () => lint(["check", "rules", join(DEPLOY, "alerts.yml")]));

function compare(exposed: string): void {
  const known = new Set([...exposed.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  const asked = [...`${text("grafana.json")}${text("alerts.yml")}`.matchAll(/\beigenwatch_\w+/g)].map(
    ([name]) => name,
  );
  assert.ok(asked.length > 10);
  assert.equal(
    asked.filter((name) => !known.has(name)),
    [],
  );
}

test("the dashboard is JSON and the rules are YAML, each with what their readers require", () => {
  const { panels } = JSON.parse(text("grafana.json")) as {
    panels: { title: string; targets: { expr: string }[] }[];
  };
  for (const { title, targets } of panels)
    assert.ok(title !== "" && targets.every(({ expr }) => expr !== ""));
  const { groups } = parse(text("alerts.yml")) as { groups: { rules: Record<string, unknown>[] }[] };
  for (const rule of groups.flatMap(({ rules }) => rules))
    for (const key of ["alert", "expr", "labels", "annotations"])
      assert.ok(key in rule, `${rule["alert"]}: ${key}`);
});

test.run();
