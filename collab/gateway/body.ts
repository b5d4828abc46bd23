/** The body of a POST: JSON, whole, within its limit; or a HttpError (400, 413, 415). */
import type { IncomingMessage } from "node:http";
import { HttpError } from "./http-error.ts";
import type { GatewayLimits } from "./limits.ts";

/** The JSON type is insisted on: a form of another site cannot send it without being asked first. */
export async function readJson(
  request: IncomingMessage,
  limits: GatewayLimits,
  limit: "bodyBytesMax" | "controlBytesMax",
): Promise<unknown> {
  const type = String(request.headers["content-type"] ?? "");
  if (!/^application\/json\b/i.test(type))
    throw new HttpError(415, "read body", type || "no content-type", "application/json");
  const body = await readBody(request, limits[limit], limit);
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    // What it says is not echoed: it may hold the token.
    throw new HttpError(400, "read body", `${body.length} bytes that are not JSON`, "JSON");
  }
}

async function readBody(request: IncomingMessage, bytesMax: number, limit: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    // A refused body must not take the socket with it: the answer still has to leave.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > bytesMax)
        throw new HttpError(
          413,
          "read body",
          `more than ${bytesMax} bytes`,
          `at most ${bytesMax} (${limit})`,
        );
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof HttpError) throw error;
    // Whoever leaves in the middle is no failure of ours.
    throw new HttpError(400, "read body", `${length} bytes, then no more`, "the whole body");
  }
  return Buffer.concat(chunks);
}
