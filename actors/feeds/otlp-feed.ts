/**
 * The feed of metrics that OpenTelemetry exporters and collectors send over HTTP.
 *
 *   POST /v1/metrics ─► protobuf or JSON ─► metrics ─── due time ─► readings, one row ─► sink
 *
 * T1  Rows are due at start + k · every, and a row has what came since the one before.
 * T2  A request is answered when it is taken; what it brings is durable with the next row.
 * T3  A request that cannot be read is answered by what is wrong with it, and counted. Series that there is no room for are told in the answer
 *     (partial success), and counted.
 * T4  A page in a browser can send nothing: requests with an Origin are refused. With a token, so is whoever does not send it.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { PbfWriter } from "pbf";
import { EigenwatchError, errorText, show } from "../../protocol/errors.ts";
import { boundedGunzip } from "../link/inflate.ts";
import type { Feed, FeedSink } from "../ports/feed.ts";
import { BadSamples } from "./bad-samples.ts";
import { MOST_CHANNELS } from "./channel-groups.ts";
import { FeedWriter } from "./feed-writer.ts";
import { type ListeningFeedOptions, listening } from "./listening-place.ts";
import { type LeftOut, OtlpMetrics } from "./metrics/otlp-metrics.ts";
import { readJson, readProtobuf } from "./metrics/otlp-request.ts";
import { Pause } from "./pause.ts";
import { ReadingRows } from "./reading-rows.ts";
import { onGrid } from "./row-grid.ts";

export interface OtlpFeedOptions extends ListeningFeedOptions {
  /** That exporters must send; null: none. */
  readonly token: string | null;
}

/** A collector's usual batch of 8,192 points takes 1 to 3 MB. What is in it is bounded too (otlp-request.ts): all else waits while it is read. */
const BODY_BYTES_MAX = 8 << 20;
/** A collector has a few connections; many exporters on one machine one each. */
const CONNECTIONS_MAX = 256;
/** For a whole request. */
const REQUEST_MS_MAX = 10_000;

/** Between two looks at how long requests take. */
const CHECK_MS = 1_000;

const PATH = "/v1/metrics";
const JSON_TYPE = "application/json";
const PROTOBUF_TYPE = "application/x-protobuf";

/** What is answered instead of 200. */
class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export class OtlpFeed implements Feed {
  readonly source: string;
  readonly kind = "live";
  private readonly options: OtlpFeedOptions;
  private readonly pause: Pause;
  private readonly metrics: OtlpMetrics;
  private readonly tokenHash: Buffer | null;

  constructor(options: OtlpFeedOptions) {
    const { source, clock, seriesMax, token } = options;
    this.options = options;
    this.source = source;
    this.pause = new Pause(clock);
    this.metrics = new OtlpMetrics(seriesMax);
    this.tokenHash = token === null ? null : hashOf(token);
  }

  async stop(): Promise<void> {
    this.pause.stop();
  }

  async run(sink: FeedSink): Promise<void> {
    const { source, host, port, group, everyUs, seriesMax } = this.options;
    const writer = new FeedWriter(source, sink);
    const badSamples = new BadSamples((status, detail, counts) => writer.status(status, detail, counts));
    const rows = new ReadingRows(writer, badSamples, {
      ...{ group, everyUs },
      seriesMax: Math.min(MOST_CHANNELS, CHANNELS_OF_HISTOGRAM * seriesMax),
    });
    const server = await listening(writer, `${host}:${port}`, () => this.listen(rows, badSamples));
    if (server === null) return;
    const { address, port: bound } = server.address() as AddressInfo;
    const shown = address.includes(":") ? `[${address}]` : address;
    writer.status("opened", `http://${shown}:${bound}${PATH}`);
    try {
      await onGrid(this.options, this.pause, (nowUs) => {
        const readings = this.metrics.readings();
        rows.declare(readings);
        rows.take(readings, nowUs);
        badSamples.total();
      });
    } finally {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
    writer.status("ended", "stopped", badSamples.take());
  }

  private listen(rows: ReadingRows, badSamples: BadSamples): Promise<Server> {
    const { host, port } = this.options;
    const server = createServer(
      { requestTimeout: REQUEST_MS_MAX, connectionsCheckingInterval: CHECK_MS },
      (request, response) => {
        response.on("error", () => response.destroy());
        void this.answer(request, response, rows, badSamples);
      },
    );
    server.maxConnections = CONNECTIONS_MAX;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, () => {
        server.removeListener("error", reject);
        server.on("error", () => {});
        resolve(server);
      });
    });
  }

  private async answer(
    request: IncomingMessage,
    response: ServerResponse,
    rows: ReadingRows,
    badSamples: BadSamples,
  ): Promise<void> {
    const type = (request.headers["content-type"] ?? "").split(";")[0]!.trim().toLowerCase();
    const isJson = type === JSON_TYPE;
    const say = (status: number, body: Uint8Array | string): void => {
      response.writeHead(status, { "content-type": isJson ? JSON_TYPE : PROTOBUF_TYPE });
      response.end(body);
    };
    try {
      this.check(request, type);
      const body = await bodyOf(request);
      const leftOut = this.metrics.take(
        isJson ? readJson(new TextDecoder().decode(body)) : readProtobuf(body),
        this.options.clock.nowUs(),
      );
      const { noRoom, faults, fault } = leftOut;
      rows.leaveOut(noRoom);
      if (faults > 0) badSamples.count("unparsable", faults, () => fault);
      const why = reasonsOf(leftOut, this.options.seriesMax);
      const count = noRoom.length + faults;
      if (isJson) say(200, JSON.stringify(count === 0 ? {} : partialJson(count, why)));
      else say(200, count === 0 ? new Uint8Array() : partialProtobuf(count, why));
    } catch (error) {
      const message = errorText(error);
      badSamples.count("unparsable", 1, () => message);
      const status =
        error instanceof Refused ? error.status : error instanceof EigenwatchError ? statusOf(error) : 500;
      // What is left of a body that is too large is not read.
      if (status === 413) response.setHeader("connection", "close");
      say(status, isJson ? JSON.stringify({ message }) : statusProtobuf(message));
    }
  }

  private check({ method, url = "", headers }: IncomingMessage, type: string): void {
    if (headers.origin !== undefined) throw new Refused(403, "a request of a page in a browser");
    const path = url.split("?")[0];
    if (path !== PATH) throw new Refused(404, `${show(path)}; expected ${PATH}`);
    if (method !== "POST") throw new Refused(405, `${method}; expected POST`);
    const given = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? "")?.[1] ?? "";
    if (this.tokenHash !== null && !timingSafeEqual(hashOf(given), this.tokenHash))
      throw new Refused(401, "no token, or a wrong one; expected the token of tokenFile as a bearer token");
    if (type !== JSON_TYPE && type !== PROTOBUF_TYPE)
      throw new Refused(
        415,
        `content-type ${type === "" ? "not given" : show(type)}; expected ${PROTOBUF_TYPE} or ${JSON_TYPE}`,
      );
    const encoding = headers["content-encoding"] ?? "identity";
    if (encoding !== "identity" && encoding !== "gzip")
      throw new Refused(415, `content-encoding ${show(encoding)}; expected gzip, or none`);
  }
}

/** Its count and two quantiles. */
const CHANNELS_OF_HISTOGRAM = 3;

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Uint8Array>) {
    bytes += part.length;
    if (bytes > BODY_BYTES_MAX) throw tooLarge();
    parts.push(part);
  }
  const body = Buffer.concat(parts);
  if (request.headers["content-encoding"] !== "gzip") return body;
  const inflated = await boundedGunzip(body, BODY_BYTES_MAX).catch((error: Error) => {
    throw new Refused(400, `the body is no gzip: ${error.message}`);
  });
  if (inflated === null) throw tooLarge();
  return inflated;
}

function tooLarge(): Refused {
  return new Refused(413, `more than ${BODY_BYTES_MAX} bytes; expected smaller batches`);
}

function statusOf({ kind }: EigenwatchError): number {
  return kind === "limit" ? 413 : 400;
}

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/** "3 above series=1000, first latency{…}; 1 of no use, first: a metric has no name": the first of each reason. */
function reasonsOf({ noRoom, noRoomFirst, faults, fault }: LeftOut, seriesMax: number): string {
  const reasons: string[] = [];
  if (noRoom.length > 0) reasons.push(`${noRoom.length} above series=${seriesMax}, first ${noRoomFirst}`);
  if (faults > 0) reasons.push(`${faults} of no use, first: ${fault}`);
  return reasons.join("; ");
}

/** ExportMetricsServiceResponse with a partial success. */
function partialJson(rejected: number, why: string): object {
  return { partialSuccess: { rejectedDataPoints: String(rejected), errorMessage: why } };
}

function partialProtobuf(rejected: number, why: string): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeMessage(
    1,
    (_, into) => {
      into.writeVarintField(1, rejected);
      into.writeStringField(2, why);
    },
    null,
  );
  return pbf.finish();
}

/** google.rpc.Status. */
function statusProtobuf(message: string): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeStringField(2, message);
  return pbf.finish();
}
