/** POST /api/login {"token"} → a cookie; POST /api/logout → the end of that login. */
import * as v from "valibot";
import type { Auth } from "./auth.ts";
import { readJson } from "./body.ts";
import { HttpError } from "./http-error.ts";
import type { GatewayLimits } from "./limits.ts";
import type { RequestContext } from "./request-context.ts";
import { respond } from "./respond.ts";

const credentials = v.object({ token: v.pipe(v.string(), v.nonEmpty()) });

export async function login(
  exchange: RequestContext,
  auth: Auth,
  limits: GatewayLimits,
  nowMs: number,
): Promise<void> {
  const { request, response, address, secure, cookiePath } = exchange;
  const body = v.safeParse(credentials, await readJson(request, limits, "bodyBytesMax"));
  if (!body.success) throw new HttpError(400, "sign in", "a body of another shape", '{"token": "…"}');
  const cookie = auth.login(body.output.token, address, { path: cookiePath, secure }, nowMs);
  respond(request, response, 204, cookie === null ? {} : { "set-cookie": cookie }, "");
}

export function logout(
  { request, response, identity, secure, cookiePath }: RequestContext,
  auth: Auth,
): void {
  respond(request, response, 204, { "set-cookie": auth.logout(identity, { path: cookiePath, secure }) }, "");
}
