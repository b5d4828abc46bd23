/** `up` as somebody starts it first: this machine's channels in, the gateway's answers out, Ctrl-C at the end. */
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createProgramClient } from "../support/program-client.ts";
import { run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

/** Two seconds of a feed that samples every 100 ms. */
const FRAMES = 20;

const folder = temporaryDirectory();

test("up watches this machine, answers on its paths, ends at SIGINT with 0, and the recording verifies", async () => {
  const record = join(folder, "host");
  const program = start(["up", "--feed", "host", "--record", record, "--port", "0", "--json"]);
  const url = String((await program.line("listening"))["url"]);
  await framesSeen(url, FRAMES);

  const channels = (await json(url, "api/channels")) as { groups: { channels: { name: string }[] }[] };
  const names = channels.groups.flatMap((group) => group.channels.map(({ name }) => name));
  assert.ok(names.length >= 24, `${names.length} channels: ${names}`);
  assert.is(new Set(names).size, names.length);
  assert.equal(await json(url, "healthz"), { alive: true });
  assert.equal(await json(url, "readyz"), { ready: true });
  const { sessions } = (await json(url, "api/sessions")) as { sessions: Record<string, unknown>[] };
  assert.is(sessions[0]!["durability"], "file");
  assert.is(sessions[0]!["recording"], record);
  const metrics = await (await fetch(new URL("metrics", url))).text();
  const samples = /^eigenwatch_samples\{\S* (\d+)$/m.exec(metrics);
  assert.ok(Number(samples?.[1]) >= FRAMES * 24, `${samples?.[0]}; expected at least ${FRAMES} rows of 24`);

  program.kill("SIGINT");
  const { code, stderr } = await program.ended;
  assert.is(code, 0, stderr);
  const stopped = await program.line("stopped");
  const verified = await run(["replay", record, "--verify", "--json"]);
  assert.is(verified.code, 0, verified.stderr);
  const report = JSON.parse(verified.stdout) as Record<string, unknown>;
  assert.is(report["finalHash"], stopped["hash"]);
  assert.is(report["inputs"], stopped["inputs"]);
});

test("up on all addresses prints a link with its token once, and answers nobody without it", async () => {
  const program = start(["up", "--feed", "walk?rate=1000", "--host", "0.0.0.0", "--port", "0"]);
  const [, port, token] = await program.matched(/open .*:(\d+)\/#token=(\S+)/);
  const url = `http://127.0.0.1:${port}/`;
  const status = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(new URL(path, url), { headers });
    await answer.arrayBuffer();
    return answer.status;
  };
  for (const path of ["api/channels", "api/sessions", "api/events?after=0", "metrics", "readyz", "events"])
    assert.is(await status(path), 401, path);
  assert.is(await status("api/channels", { authorization: "Bearer wrong-wrong-wrong-wrong" }), 401);
  assert.is(await status("healthz"), 200);
  assert.is(await status("api/channels", { authorization: `Bearer ${token}` }), 200);
  program.kill("SIGINT");
  const { code, stdout, stderr } = await program.ended;
  assert.is(code, 0);
  assert.is((stdout + stderr).split(token!).length - 1, 1);
});

/** Resolves when so many frames were seen by a client that watches from now on. */
function framesSeen(url: string, expected: number): Promise<void> {
  return new Promise((resolve) => {
    let seen = 0;
    const client = createProgramClient({
      url,
      handlers: {
        samples() {
          if (++seen < expected) return;
          client.stop();
          resolve();
        },
      },
    });
    client.subscribe({ channel: "samples" });
    client.start();
  });
}

async function json(url: string, path: string): Promise<unknown> {
  const answer = await fetch(new URL(path, url));
  assert.is(answer.status, 200, path);
  return await answer.json();
}

test.run();
