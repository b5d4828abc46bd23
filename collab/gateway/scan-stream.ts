/** GET /events/results/{scan_id}: the messages of a scan as Server-Sent Events. The id of an event is its number, for Last-Event-ID. */
import type { FollowedScan, ScanMessage } from "../../actors/mod.ts";
import type { GatewayContext, OpenStream } from "./gateway-context.ts";
import { type RequestContext, wholeParameter } from "./request.ts";
import { respond, startStream } from "./response.ts";
import { nothingFollows, ScanFeed } from "./scan-feed.ts";

export class ScanStream implements OpenStream {
  private readonly context: RequestContext;
  private readonly gateway: GatewayContext;
  private readonly feed: ScanFeed | null = null;

  constructor(
    context: RequestContext,
    gateway: GatewayContext,
    served: FollowedScan,
    bodyOf: (message: ScanMessage) => { type: string; data: unknown },
  ) {
    this.context = context;
    this.gateway = gateway;
    const { request, response, query } = context;
    const { limits, connections, counters, streams } = gateway;
    const header = String(request.headers["last-event-id"] ?? "");
    const asked = wholeParameter(query, "after", 0, 0, Number.MAX_SAFE_INTEGER);
    const after = /^\d{1,15}$/.test(header) ? Number(header) : asked;
    // A browser connects again after the end, and ceases when told that there is no content.
    if (nothingFollows(served, after)) {
      respond(request, response, 204, {}, "");
      return;
    }
    if (request.method === "HEAD") {
      startStream(response, "text/event-stream; charset=utf-8");
      response.end();
      return;
    }
    const leave = connections.enter("sse", context.address);
    startStream(response, "text/event-stream; charset=utf-8");
    response.write(`retry: ${limits.sseRetryMs}\n\n`);
    const feed = new ScanFeed(served, after, {
      take(messages, next) {
        let id = next - messages.length;
        let text = "";
        for (const message of messages) {
          const { type, data } = bodyOf(message);
          text += `event: ${type}\nid: ${++id}\ndata: ${JSON.stringify(data)}\n\n`;
        }
        response.write(text);
        counters.sent("events", text.length);
        return response.writableLength < limits.conflateAboveBytes;
      },
      over: () => response.end(),
    });
    this.feed = feed;
    streams.add(this);
    response.on("drain", () => feed.resume());
    response.on("close", () => {
      feed.stop();
      streams.delete(this);
      leave();
    });
  }

  keepAlive(): void {
    this.checkSignIn();
    if (!this.context.response.writableNeedDrain) this.context.response.write(": alive\n\n");
  }

  checkSignIn(): void {
    const { auth, nowMs } = this.gateway;
    if (!auth.isSignedIn(this.context.identity, nowMs())) this.end();
  }

  end(): void {
    this.feed?.stop();
    this.context.response.end();
  }
}
