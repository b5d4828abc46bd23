// runtime: either
/** `eigenwatch invite`: what it prints for people. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { qrText } from "../../collab/live/invite-command.ts";
import { run, start } from "../support/program-run.ts";

test("invite prints its link, and below it a QR code of that link, line by line", async () => {
  const program = start(["up", "--feed", "walk?rate=1000", "--port", "0", "--json"]);
  const { url } = await program.line("listening");
  const { code, stdout, stderr } = await run(["invite", "--url", String(url)]);
  program.kill("SIGINT");
  await program.ended;
  assert.is(code, 0, stderr);
  const [, link, , ...rest] = stdout.split("\n");
  assert.match(link!, `${url}#invite=`);
  const expected = qrText(link!).split("\n");
  assert.ok(expected.length > 20, `${expected.length} lines`);
  assert.equal(rest.slice(0, expected.length), expected);
});

test("invite --help says how long a link lasts as people write it", async () => {
  const { stdout } = await run(["invite", "--help"]);
  assert.match(stdout, /\(default:\s+7d\)/);
});

test.run();
