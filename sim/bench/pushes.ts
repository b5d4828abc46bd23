/**
 * Pushes over HTTP: from the socket to the frame, beside a server of the same library that parses and counts, each in turns. What is durable is answered
 * at once, for the log is not measured here.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { IngestedLog } from "../../actors/feeds/ingest-groups.ts";
import { PushedFeed } from "../../actors/feeds/pushed.ts";
import { createGateway } from "../../collab/gateway/gateway.ts";
import type { Channels } from "../../protocol/messages.ts";
import { Child } from "./child.ts";
import { countingSink } from "./counting-sink.ts";
import { BenchSession } from "./gateway.ts";
import { check, cpuSeconds, median } from "./measure.ts";
import type { PushResult } from "./push-sender.ts";
import { type BenchRow, compared } from "./row.ts";
import { inTurns } from "./turns.ts";

const PER_SECOND = 20_000;
const SAMPLES = 10;
const SECONDS = 2;
const BODY = Object.fromEntries(Array.from({ length: SAMPLES }, (_, k) => [`sensor${k}`, 20 + k / 7]));

export async function benchPushes(): Promise<BenchRow> {
  const [own, bare] = [await pushedFeed(), await bareServer()];
  const { ours, theirs } = await inTurns({ ours: () => turn(own), theirs: () => turn(bare) });
  for (const { close } of [own, bare]) await close();
  const cores = median(ours.map(({ cores }) => cores));
  const refused = ours.reduce((sum, each) => sum + each.refused, 0);
  const rates = (of: "rate" | "perCore") => (runs: typeof ours) => runs.map((each) => each[of]);
  return compared(
    {
      name: `pushes of ${SAMPLES} samples over HTTP, JSON, of another process, answered`,
      unit: "pushes/s",
      runs: rates("rate")(ours),
      note:
        `${Math.round(100 * cores)} % of a core, which would take ${Math.round(median(rates("perCore")(ours)))}/s, ` +
        `of the bare server ${Math.round(median(rates("perCore")(theirs)))}; ${refused} refused; without the log`,
    },
    { "node:http and JSON.parse alone": rates("rate")(theirs) },
    { atLeast: PER_SECOND },
  );
}

interface Served {
  readonly sender: Child;
  samples(): number;
  close(): Promise<void>;
}

/** A contender: as many pushes as asked for, or as it takes. */
async function turn({ sender, samples }: Served) {
  const [taken, before] = [samples(), cpuSeconds()];
  const load = { pushesPerSecond: 1.01 * PER_SECOND, seconds: SECONDS };
  const { answered, refused, seconds } = await sender.ask<PushResult>("send", load);
  const cpu = cpuSeconds() - before;
  check(samples() - taken === SAMPLES * answered, "the samples of all pushes that were answered");
  return { rate: answered / seconds, perCore: answered / cpu, cores: cpu / seconds, refused };
}

async function pushedFeed(): Promise<Served> {
  const declared = new Map<string, Channels>();
  const counting = countingSink();
  const log: IngestedLog = {
    declarationOf: (group) => declared.get(group),
    declarations: () => [...declared.values()],
    lastSequenceOf: () => 0,
  };
  const feed = new PushedFeed({ log, durable: () => Promise.resolve() });
  const running = feed.run({
    ...counting,
    channels: (declaration) => void declared.set(declaration.group, declaration),
  });
  const session = new BenchSession();
  session.commands.handle({ pushSamples: (push, { author }) => feed.take(push, author) });
  const gateway = await createGateway({ sessions: [session] });
  const sender = senderTo(gateway.port);
  return {
    sender,
    samples: () => counting.samples,
    async close() {
      await sender.stop();
      await gateway.close();
      await feed.stop();
      await running;
    },
  };
}

/** What HTTP and JSON cost by themselves on this runtime. */
async function bareServer(): Promise<Served> {
  let samples = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      samples += Object.keys(JSON.parse(Buffer.concat(chunks).toString())).length;
      response.end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const sender = senderTo((server.address() as AddressInfo).port);
  return {
    sender,
    samples: () => samples,
    async close() {
      await sender.stop();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function senderTo(port: number): Child {
  const path = fileURLToPath(new URL("./push-sender.ts", import.meta.url));
  return new Child(path, [String(port), JSON.stringify(BODY)]);
}
