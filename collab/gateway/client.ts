/** The gateway's client for programs: sockets of `ws`, on Node and Deno alike. */
import { WebSocket } from "ws";
import { Client, type ClientOptions } from "../client.ts";

/** Not started yet: subscribe, then `start()`. `url` is the gateway's (http…) or that of its /ws; `session` names one of several. */
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
