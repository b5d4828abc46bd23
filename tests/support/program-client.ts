/** The client of the gateway for a program: with sockets of `ws`, on Node and Deno. */
import { WebSocket } from "ws";
import { Client, type ClientOptions } from "../../collab/client.ts";
import { SessionClient, type SessionClientOptions } from "../../collab/session-client.ts";

/** A client that is not started yet: subscribe, then `start()`. `url`: of the gateway (http…) or of its /ws; `session`: one of several. */
export function createProgramClient(
  options: Omit<ClientOptions, "connect" | "name"> & { url: string; session?: string; name?: string },
): Client {
  const { url, session, name = "program", ...rest } = options;
  const target = socketUrl(url, session);
  return new Client({ ...rest, name, connect: () => new WebSocket(target) });
}

/** The same for all partitions of a session. `opening` sees each connection, and may send it elsewhere. */
export function createProgramSessionClient(
  options: Omit<SessionClientOptions, "connect" | "name"> & {
    url: string;
    session?: string;
    opening?: (partition: string | null) => unknown;
  },
): SessionClient {
  const { url, session, opening, ...rest } = options;
  return new SessionClient({
    ...rest,
    name: "program",
    connect: (partition) => {
      const elsewhere = opening?.(partition);
      const target = socketUrl(typeof elsewhere === "string" ? elsewhere : url, session);
      if (partition !== null) target.searchParams.set("partition", partition);
      return new WebSocket(target);
    },
  });
}

function socketUrl(url: string, session: string | undefined): URL {
  const target = new URL(url);
  if (!target.pathname.endsWith("/ws")) target.pathname = `${target.pathname.replace(/\/$/, "")}/ws`;
  target.protocol = target.protocol.replace("http", "ws");
  target.hash = "";
  if (session !== undefined) target.searchParams.set("session", session);
  return target;
}
