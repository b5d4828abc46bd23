/** Jobs in other processes of this program, and in this one: results in the order of the jobs, errors in the words of the work. */
import { existsSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ownProgram } from "../../actors/workers/own-program.ts";
import { inWorkers } from "../../actors/workers/pool.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { seedWork } from "../../sim/cluster/run-seeds.ts";
import { run } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

const square = async (common: number, job: number): Promise<number> => common + job * job;

async function refusal(act: Promise<unknown>): Promise<Error> {
  try {
    await act;
  } catch (error) {
    return error as Error;
  }
  return assert.unreachable("not refused") as never;
}

test("one process works in this one: each job once, in order, counted", async () => {
  const taken: number[] = [];
  const counts: number[] = [];
  const noting = async (common: number, job: number) => {
    taken.push(job);
    return square(common, job);
  };
  const results = await inWorkers("none", noting, 10, [3, 1, 2], {
    processes: 1,
    done: (count) => counts.push(count),
  });
  assert.equal(results, [19, 11, 14]);
  assert.equal(taken, [3, 1, 2]);
  assert.equal(counts, [1, 2, 3]);
});

test("a single job needs no other process, and no job needs none", async () => {
  assert.equal(await inWorkers("none", square, 0, [5], { processes: 8 }), [25]);
  assert.equal(await inWorkers("none", square, 0, []), []);
  assert.equal(await inWorkers("none", square, 0, [], { alwaysSpawn: true }), []);
});

test("an aborted run takes no further job and rejects with the reason", async () => {
  const ending = new AbortController();
  const taken: number[] = [];
  const work = async (_: unknown, job: number) => {
    taken.push(job);
    ending.abort(new Error("enough"));
  };
  const error = await refusal(inWorkers("none", work, 0, [1, 2, 3], { processes: 1, signal: ending.signal }));
  assert.is(error.message, "enough");
  assert.equal(taken, [1]);
});

test("two processes give the results of one, in the order of the jobs", async () => {
  const common = { scenario: "single", minutes: 0.05 } as const;
  const counts: number[] = [];
  const seeds = [1, 2, 3];
  const alone = await inWorkers("seed", seedWork, common, seeds, { processes: 1 });
  const shared = await inWorkers("seed", seedWork, common, seeds, {
    processes: 2,
    done: (count) => counts.push(count),
  });
  const told = (results: typeof alone) => results.map(({ seed, traceHash }) => [seed, traceHash]);
  assert.equal(told(shared), told(alone));
  assert.equal(
    shared.map(({ seed }) => seed),
    seeds,
  );
  assert.equal(counts, [1, 2, 3]);
});

test("a process that ends without an answer is an error that names its job", async () => {
  const error = await refusal(inWorkers("nothing", square, 0, [7], { alwaysSpawn: true }));
  assert.is(error.message, "a worker ended with 2; its job was 7");
});

test("an error of the work in another process keeps its parts and its kind", async () => {
  const branches = [{ recording: temporaryDirectory(), request: { at: 1 }, fromUs: 0 }];
  const common = { branches, truths: null, graceUs: 1 };
  const error = await refusal(
    inWorkers("sweep", square as never, common, [{ seed: "1" }], { alwaysSpawn: true }),
  );
  assert.instance(error, EigenwatchError);
  const { action, value, expected, kind, message } = error as EigenwatchError;
  assert.match(message, /holds no segment file/);
  assert.is(kind, "input");
  assert.is(new EigenwatchError({ action, value, expected, kind }).message, message);
});

test("a run that is aborted before it starts processes asks none of them", async () => {
  const signal = AbortSignal.abort(new Error("too late"));
  const error = await refusal(inWorkers("seed", square, 0, [1, 2], { processes: 2, signal }));
  assert.is(error.message, "too late");
});

test("an aborted run ends its processes in the middle of their jobs", async () => {
  const ending = new AbortController();
  // Hours of work: a process that went on with it would keep this file from ending, which fails it.
  const common = { scenario: "single", minutes: 100_000 };
  const options = { alwaysSpawn: true, signal: ending.signal };
  const running = refusal(inWorkers("seed", square as never, common, [1], options));
  ending.abort(new Error("enough"));
  assert.is((await running).message, "enough");
});

test("a worker refuses work that it does not know, also by a name that every object has", async () => {
  for (const name of ["nothing", "toString"]) {
    const { code, stdout, stderr } = await run(["worker", name]);
    assert.equal([code, stdout], [2, ""]);
    assert.match(stderr, `Cannot start a worker: no work is called ${name}; expected one of whatif, sweep`);
  }
});

test("a worker answers each job with a result, or with the parts of its error, and ends with its input", async () => {
  const branches = [{ recording: temporaryDirectory(), request: { at: 1 }, fromUs: 0 }];
  const common = { branches, truths: null, graceUs: 1 };
  const stdin = `${JSON.stringify(common)}\n{"seed":"1"}\n{"seed":"2"}\n`;
  const { code, stdout } = await run(["worker", "sweep"], { stdin });
  assert.is(code, 0);
  const answers = stdout.trimEnd().split("\n");
  assert.is(answers.length, 2);
  for (const answer of answers) {
    const { error } = JSON.parse(answer) as { error: { message: string; parts: EigenwatchError } };
    assert.match(error.message, /holds no segment file/);
    assert.is(new EigenwatchError(error.parts).message, error.message);
  }
});

test("a worker reads TypeScript as its parent does, and nobody profiles it", () => {
  const own = process.execArgv;
  process.execArgv = ["--max-old-space-size=900", "--inspect=0", "--cpu-prof", "--test-only"];
  try {
    const [command, ...args] = ownProgram();
    assert.is(command, process.execPath);
    const entry = args.pop()!;
    assert.ok(existsSync(entry) && /(main\.ts|eigenwatch\.mjs)$/.test(entry), entry);
    assert.equal(args, "Deno" in globalThis ? ["run", "-A"] : ["--max-old-space-size=900"]);
  } finally {
    process.execArgv = own;
  }
});

test.run();
