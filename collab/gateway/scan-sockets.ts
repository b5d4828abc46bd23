/**
 * WS /ws/results/{scan_id}?after=N: the messages of a scan as JSON text.
 *
 *   ◄ {type: "result" | "error" | "complete", data}      each once, from number N on
 *   ◄ {type: "progress" | "stats", data}                 now and then, while it runs
 *   ► {type: "pause" | "resume" | "stop"}                from editors
 */
import type { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { FollowedScan, ScanDesk } from "../../actors/mod.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { Standing } from "./auth.ts";
import type { GatewayContext, UpgradeRoute } from "./gateway-context.ts";
import { type RequestOrigin, wholeParameter } from "./request.ts";
import { messageBody, progressBody, statsBody } from "./scan-bodies.ts";
import { ScanFeed } from "./scan-feed.ts";
import { idOf, requireEditor } from "./scan-routes.ts";

/** A bar of progress is drawn so often, statistics are read more slowly. */
const PROGRESS_MS = 250;
const STATS_EVERY = 4;
/** A command has one field. */
const COMMAND_BYTES_MAX = 256;
/** WebSocket close codes (RFC 6455, 7.4.1). */
const NORMAL = 1000;
const GOING_AWAY = 1001;
const POLICY = 1008;

export class ScanSockets implements UpgradeRoute {
  readonly prefix = "/ws/results/";
  private readonly gateway: GatewayContext;
  private readonly scans: ScanDesk;
  private readonly server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: COMMAND_BYTES_MAX,
    perMessageDeflate: false,
  });
  private readonly open = new Map<WebSocket, () => Standing>();

  constructor(gateway: GatewayContext, scans: ScanDesk) {
    this.gateway = gateway;
    this.scans = scans;
  }

  accept(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    from: RequestOrigin,
    standing: () => Standing,
  ): void {
    const { auth, nowMs } = this.gateway;
    if (from.identity.kind === "stranger")
      throw auth.refusal(from.identity.wrongToken, from.address, nowMs());
    const served = this.scans.get(idOf(from));
    const after = wholeParameter(from.query, "after", 0, 0, Number.MAX_SAFE_INTEGER);
    this.server.handleUpgrade(request, socket, head, (ws) => {
      this.open.set(ws, standing);
      this.follow(ws, socket, served, after, from);
    });
  }

  checkSignIns(): void {
    for (const [ws, standing] of this.open)
      if (standing() !== "holds") ws.close(POLICY, "not signed in any more");
  }

  close(): Promise<void> {
    for (const ws of this.open.keys()) ws.close(GOING_AWAY, "the gateway stops");
    return Promise.resolve();
  }

  private follow(
    ws: WebSocket,
    socket: Socket,
    served: FollowedScan,
    after: number,
    from: RequestOrigin,
  ): void {
    const { limits, counters } = this.gateway;
    const send = (body: unknown): void => {
      const text = JSON.stringify(body);
      ws.send(text);
      counters.sent("events", text.length);
    };
    const feed = new ScanFeed(served, after, {
      take(messages) {
        socket.cork();
        for (const message of messages) send(messageBody(message));
        socket.uncork();
        return ws.bufferedAmount < limits.conflateAboveBytes;
      },
      over: () => ws.close(NORMAL, "complete"),
    });
    let rounds = 0;
    const timer = setInterval(() => {
      if (ws.bufferedAmount >= limits.conflateAboveBytes) return;
      feed.resume();
      if (served.scan.isOver) return;
      const stats = served.scan.stats();
      send({ type: "progress", data: progressBody(stats) });
      if (rounds++ % STATS_EVERY === 0) send({ type: "stats", data: statsBody(stats) });
    }, PROGRESS_MS);
    socket.on("drain", () => feed.resume());
    ws.on("message", (bytes) => void this.command(ws, served, from, String(bytes)));
    ws.on("error", () => {});
    ws.on("close", () => {
      clearInterval(timer);
      feed.stop();
      this.open.delete(ws);
    });
  }

  private async command(
    ws: WebSocket,
    { id }: FollowedScan,
    from: RequestOrigin,
    text: string,
  ): Promise<void> {
    try {
      requireEditor(from);
      const type = typeOf(text);
      if (type === "pause") await this.scans.pause(id);
      else if (type === "resume") await this.scans.resume(id);
      else if (type === "stop") await this.scans.stop(id);
      else
        throw new EigenwatchError({
          action: "command a scan",
          value: `type ${type}`,
          expected: "pause, resume or stop",
        });
    } catch (error) {
      if (!(error instanceof EigenwatchError)) throw error;
      const { action, value, expected, kind } = error;
      ws.send(JSON.stringify({ type: "error", data: { error: { action, value, expected, kind } } }));
    }
  }
}

function typeOf(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "type" in value ? String(value.type) : "none";
  } catch {
    return "that is not JSON";
  }
}
