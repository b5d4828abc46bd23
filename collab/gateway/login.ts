/** POST /api/login {"token"} → a cookie; POST /api/logout → the end of that login. */
import type { IncomingMessage } from "node:http";
import * as v from "valibot";
import type { Auth } from "./auth.ts";
import type { Exchange } from "./exchange.ts";
import type { GatewayLimits } from "./limits.ts";
import { Refusal } from "./refusal.ts";
import { respond } from "./respond.ts";

const credentials = v.object({ token: v.pipe(v.string(), v.nonEmpty()) });

export async function login(
  exchange: Exchange,
  auth: Auth,
  limits: GatewayLimits,
  nowMs: number,
): Promise<void> {
  const { request, response, address, secure, cookiePath } = exchange;
  const body = v.safeParse(credentials, await readJson(request, limits.bodyBytesMax));
  if (!body.success) throw new Refusal(400, "sign in", "a body of another shape", '{"token": "…"}');
  const cookie = auth.login(body.output.token, address, { path: cookiePath, secure }, nowMs);
  respond(request, response, 204, cookie === null ? {} : { "set-cookie": cookie }, "");
}

export function logout({ request, response, identity, secure, cookiePath }: Exchange, auth: Auth): void {
  respond(request, response, 204, { "set-cookie": auth.logout(identity, { path: cookiePath, secure }) }, "");
}

/** The JSON type is insisted on: a form of another site cannot send it without being asked first. */
async function readJson(request: IncomingMessage, bytesMax: number): Promise<unknown> {
  const type = String(request.headers["content-type"] ?? "");
  if (!/^application\/json\b/i.test(type))
    throw new Refusal(415, "read body", type || "no content-type", "application/json");
  const body = await readBody(request, bytesMax);
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    // What it says is not echoed: it may hold the token.
    throw new Refusal(400, "read body", `${body.length} bytes that are not JSON`, "JSON");
  }
}

async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    // A refused body must not take the socket with it: the answer still has to leave.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > bytesMax)
        throw new Refusal(
          413,
          "read body",
          `more than ${bytesMax} bytes`,
          `at most ${bytesMax} (bodyBytesMax)`,
        );
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    // Whoever leaves in the middle is no failure of ours.
    throw new Refusal(400, "read body", `${length} bytes, then no more`, "the whole body");
  }
  return Buffer.concat(chunks);
}
