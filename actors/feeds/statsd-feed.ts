/**
 * The feed of StatsD packets over UDP.
 *
 *   packets ─► lines ─► metrics ─── due time ─► readings, one row ─► sink
 *
 * U1  Rows are due at start + k · every, and a row is about what came since the one before.
 * U2  A line that cannot be taken is counted; the other lines of its packet are taken.
 * U3  Packets that the system dropped, because they came faster than they were read, are counted where it tells (Linux).
 */
import { createSocket, type Socket } from "node:dgram";
import type { AddressInfo } from "node:net";
import type { Feed, FeedSink } from "../ports/feed.ts";
import { BadSamples } from "./bad-samples.ts";
import { MOST_CHANNELS } from "./channel-groups.ts";
import { FeedWriter } from "./feed-writer.ts";
import { type ListeningFeedOptions, listening } from "./listening-place.ts";
import { DroppedPackets } from "./metrics/dropped-packets.ts";
import { StatsdMetrics } from "./metrics/statsd-metrics.ts";
import { Pause } from "./pause.ts";
import { ReadingRows } from "./reading-rows.ts";
import { onGrid } from "./row-grid.ts";

/** What comes in a tenth of a second at 200,000 packets of 100 bytes, with what the system adds to each. */
const RECEIVE_BYTES = 16 << 20;

export class StatsdFeed implements Feed {
  readonly source: string;
  readonly kind = "live";
  private readonly options: ListeningFeedOptions;
  private readonly pause: Pause;
  private readonly metrics: StatsdMetrics;

  constructor(options: ListeningFeedOptions) {
    this.options = options;
    this.source = options.source;
    this.pause = new Pause(options.clock);
    this.metrics = new StatsdMetrics(options.seriesMax);
  }

  async stop(): Promise<void> {
    this.pause.stop();
  }

  async run(sink: FeedSink): Promise<void> {
    const writer = new FeedWriter(this.options.source, sink);
    const badSamples = new BadSamples((status, detail, counts) => writer.status(status, detail, counts));
    const place = `UDP ${this.options.host}:${this.options.port}`;
    const socket = await listening(writer, place, () => this.listen());
    if (socket === null) return;
    socket.on("message", (packet) =>
      this.metrics.take(packet.toString("utf8"), ({ reason, detail }) =>
        badSamples.count(reason, 1, () => detail),
      ),
    );
    const { address, port } = socket.address() as AddressInfo;
    const dropped = DroppedPackets.of(port);
    writer.status(
      "opened",
      `UDP ${address}:${port}${dropped === null ? "; packets that are dropped are not known" : ""}`,
    );
    try {
      await this.rows(writer, badSamples, dropped);
    } finally {
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    }
    writer.status("ended", "stopped", badSamples.take());
  }

  private async rows(
    writer: FeedWriter,
    badSamples: BadSamples,
    dropped: DroppedPackets | null,
  ): Promise<void> {
    const { everyUs, group } = this.options;
    const rows = new ReadingRows(writer, badSamples, { group, everyUs, seriesMax: MOST_CHANNELS });
    await onGrid(this.options, this.pause, (nowUs, seconds) => {
      const readings = this.metrics.readings(seconds);
      rows.declare(readings);
      rows.take(readings, nowUs);
      const lost = dropped?.sinceLast() ?? 0;
      if (lost > 0) badSamples.count("lost", lost, () => `${lost} packets came faster than they were read`);
      badSamples.total();
    });
  }

  private listen(): Promise<Socket> {
    const { host, port } = this.options;
    return new Promise((resolve, reject) => {
      const socket = createSocket({
        type: host.includes(":") ? "udp6" : "udp4",
        recvBufferSize: RECEIVE_BYTES,
      });
      socket.once("error", (error) => {
        socket.close();
        reject(error);
      });
      socket.bind(port, host, () => {
        socket.removeAllListeners("error");
        // One that comes later concerns a single packet.
        socket.on("error", () => {});
        resolve(socket);
      });
    });
  }
}
