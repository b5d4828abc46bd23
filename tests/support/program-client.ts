/** The client of the gateway for a program: with sockets of `ws`, on Node and Deno. */
import { WebSocket } from "ws";
import { Client, type ClientOptions } from "../../collab/client.ts";

/** A client that is not started yet: subscribe, then `start()`. `url`: of the gateway (http…) or of its /ws; `session`: one of several. */
export function createProgramClient(
  options: Omit<ClientOptions, "connect" | "name"> & { url: string; session?: string; name?: string },
): Client {
  const { url, session, name = "program", ...rest } = options;
  const target = new URL(url);
  if (!target.pathname.endsWith("/ws")) target.pathname = `${target.pathname.replace(/\/$/, "")}/ws`;
  target.protocol = target.protocol.replace("http", "ws");
  target.hash = "";
  if (session !== undefined) target.searchParams.set("session", session);
  return new Client({ ...rest, name, connect: () => new WebSocket(target) });
}
