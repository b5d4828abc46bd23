/** HTTP for tests: one request on one connection with exactly the headers given (fetch forbids Host and Origin). */
import { request } from "node:http";
import { createGateway, type Gateway, type GatewayOptions } from "../../collab/gateway/gateway.ts";
import type { EigenwatchError } from "../../protocol/errors.ts";
import { FakeSession } from "../support/fake-session.ts";

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
  bytes: Uint8Array;
  /** The body as JSON. */
  json: () => unknown;
}

export interface Ask {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}

export function ask(
  gateway: Gateway,
  path: string,
  { method = "GET", headers = {}, body }: Ask = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const host = gateway.host === "0.0.0.0" ? "127.0.0.1" : gateway.host;
    const call = request({ host, port: gateway.port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const bytes = Buffer.concat(chunks);
        const text = bytes.toString("utf8");
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: text,
          bytes,
          json: () => JSON.parse(text),
        });
      });
    });
    call.on("error", reject);
    call.end(body);
  });
}

/** The Origin of the gateway's own page. */
export function originOf(gateway: Gateway): { origin: string; host: string } {
  const host = `127.0.0.1:${gateway.port}`;
  return { origin: `http://${host}`, host };
}

/** A gateway over a fake session while `act` runs. */
export async function withGateway(
  options: Partial<GatewayOptions>,
  act: (gateway: Gateway, session: FakeSession) => Promise<void>,
): Promise<void> {
  const session = new FakeSession();
  const gateway = await createGateway({ sessions: [session], ...options });
  try {
    await act(gateway, session);
  } finally {
    await gateway.close();
  }
}

/** The `error` of an answer. */
export function errorOf(answer: Answer): Pick<EigenwatchError, "action" | "value" | "expected" | "kind"> {
  return (answer.json() as { error: EigenwatchError }).error;
}
