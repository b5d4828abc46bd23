/**
 * /api/messages: the messages of the WebSocket by plain HTTP, packed (protocol/packed-messages.ts), for pages behind proxies that let no
 * WebSocket through.
 *
 *   POST                 opens a line to a partition with the client's first messages  →  {"id"}
 *   POST ?id=            more messages of the client
 *   GET  ?id=            takes what waits; with `Accept: text/event-stream` everything from now on, in base 64
 *
 * The id is random, and good only for who opened the line. A line ends when its event stream does, or when nobody takes anything for a while.
 */
import { EigenwatchError } from "../../protocol/errors.ts";
import { unpackMessages } from "../../protocol/packed-messages.ts";
import { payerOf, randomToken } from "./auth.ts";
import { chooseHub, type GatewayContext, hubsOfSession, type OpenStream } from "./gateway-context.ts";
import { HttpLine } from "./http-line.ts";
import { type RequestContext, readBytes, signedIn } from "./request.ts";
import { respond, respondJson } from "./response.ts";
import { SocketClient } from "./socket-client.ts";

interface Opened {
  readonly line: HttpLine;
  /** Id of the principal that opened it. */
  readonly owner: string;
}

const PACKED = "application/octet-stream";

export class MessageRoutes {
  readonly #gateway: GatewayContext;
  readonly #opened = new Map<string, Opened>();

  constructor(gateway: GatewayContext) {
    this.#gateway = gateway;
  }

  async answer(context: RequestContext): Promise<void> {
    const { request, response, query } = context;
    const id = query.get("id");
    if (request.method === "POST") {
      const { limits } = this.#gateway;
      const messages = unpackMessages(await readBytes(request, limits, [PACKED], "controlBytesMax"));
      const [name, line] = id === null ? this.#open(context) : [id, this.#find(id, context)];
      line.received(messages);
      if (id === null) respondJson(request, response, { id: name });
      else respond(request, response, 204, {}, "");
      return;
    }
    const line = this.#find(id ?? "", context);
    if (request.method === "HEAD") respond(request, response, 200, { "content-type": PACKED }, "");
    else if (/\btext\/event-stream\b/.test(request.headers.accept ?? "")) line.stream(response);
    else respond(request, response, 200, { "content-type": PACKED }, line.take());
  }

  /** Throws when there are too many connections or no such session. */
  #open(context: RequestContext): [id: string, line: HttpLine] {
    const { hubs, auth, connections, streams, limits, decimationRates, counters, nowMs, server } =
      this.#gateway;
    const { address, identity } = context;
    const hub = chooseHub(hubs, context);
    const partitions = hubsOfSession(hubs, hub.session.session).map(({ session }) => session.partition);
    const leave = connections.enter("sse", address);
    const id = randomToken();
    const line = new HttpLine(() => {
      this.#opened.delete(id);
      streams.delete(stream);
      leave();
    });
    const client = new SocketClient(line, {
      hub,
      partitions,
      limits,
      counters,
      nowMs,
      server,
      decimation: () => decimationRates.bucket(payerOf(identity, address), nowMs()),
      signIn: async () => {},
      stillSignedIn: () => auth.isSignedIn(identity, nowMs()),
    });
    const stream: OpenStream = {
      keepAlive: () => client.keepAlive(),
      checkSignIn: () => client.checkSignIn(),
      end: () => client.cut("shutdown", "the gateway stops"),
    };
    streams.add(stream);
    this.#opened.set(id, { line, owner: signedIn(context).principal.id });
    return [id, line];
  }

  #find(id: string, context: RequestContext): HttpLine {
    const opened = this.#opened.get(id);
    if (opened !== undefined && opened.owner === signedIn(context).principal.id) return opened.line;
    throw new EigenwatchError({
      action: "find the line of messages",
      value: id === "" ? "no id" : "an id that is not open",
      expected: "the id that POST api/messages answered, of a line that has not ended",
      kind: "notFound",
    });
  }
}
