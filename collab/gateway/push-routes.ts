/**
 * HTTP paths of Web Push: a page subscribes its browser to the session's notices.
 *
 *   POST api/push {subscription} · POST api/push/remove {endpoint}            the key is in /api/sessions
 *
 * Whoever may read events may be told of them: every role subscribes, for itself. A subscription ends with the sign-in.
 */
import * as v from "valibot";
import { EigenwatchError } from "../../protocol/errors.ts";
import { pushSubscription } from "../../protocol/push-subscription.ts";
import { chooseHub, type GatewayContext, type Route } from "./gateway-context.ts";
import type { PushService } from "./push-service.ts";
import { type RequestContext, readJson, signedIn } from "./request.ts";
import { respondJson } from "./response.ts";

export function pushRoutes(gateway: GatewayContext, push: PushService): [string, Route][] {
  const post = (answer: (context: RequestContext, by: string) => Promise<void>): Route => ({
    methods: ["POST"],
    answer: async (context) => {
      // Throws for a session that is not theirs.
      chooseHub(gateway.hubs, context);
      await answer(context, signedIn(context).principal.id);
      respondJson(context.request, context.response, { done: true });
    },
  });
  return [
    [
      "/api/push",
      post(async (context, by) => {
        push.subscribe(by, await read(context, gateway, "subscribe to notices", pushSubscription));
      }),
    ],
    [
      "/api/push/remove",
      post(async (context, by) => {
        const { endpoint } = await read(context, gateway, "end a subscription", ended);
        push.unsubscribe(by, endpoint);
      }),
    ],
  ];
}

const ended = v.object({ endpoint: pushSubscription.entries.endpoint });

/** The body is not echoed: an endpoint is a secret of its browser. */
async function read<Schema extends v.GenericSchema>(
  { request }: RequestContext,
  { limits }: GatewayContext,
  action: string,
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  const result = v.safeParse(schema, await readJson(request, limits, "bodyBytesMax"));
  if (result.success) return result.output;
  const [issue] = result.issues;
  const value = `${v.getDotPath(issue) ?? "the body"} does not fit`;
  throw new EigenwatchError({ action, value, expected: issue.expected ?? issue.message });
}
