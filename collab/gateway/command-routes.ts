/**
 * HTTP paths for the commands of a session (protocol/commands.ts): one row a path, GET asks and POST acts. Commands that enter the log as
 * they are have the path /api/commands/NAME.
 *
 * C1  Whoever has signed in may send the commands of the role; the session refuses others. The request guard (Host, Origin, sign-in) and the
 *     JSON content type keep other sites out.
 * C2  A request that does not fit its command, or that the session cannot carry out, changes nothing. The answer names what was expected.
 * C3  A command that changes the log is answered with 200 after its input is durable and admitted; the input names its author.
 */
import * as v from "valibot";
import type { LiveSession } from "../../actors/ports/session.ts";
import {
  COMMANDS,
  type Command,
  type CommandName,
  LOGGED_COMMANDS,
  readCommand,
} from "../../protocol/commands.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { includesRole, type Role, rolesFrom } from "../../protocol/principal.ts";
import { authorOf } from "./auth.ts";
import { chooseHub, type GatewayContext, type Route } from "./gateway-context.ts";
import { type RequestContext, readJson, signedIn } from "./request.ts";
import { respondJson, whileWaited } from "./response.ts";

interface CommandPath {
  readonly get?: CommandName;
  /** One command, or several chosen by the field `action` of the body. */
  readonly post?: CommandName | Readonly<Record<string, CommandName>>;
}

const PATHS: Readonly<Record<string, CommandPath>> = {
  "/api/replay": {
    get: "readReplay",
    post: { play: "play", pause: "pause", speed: "setSpeed", seek: "seek" },
  },
  "/api/replay/marks": { get: "listReplayMarks" },
  "/api/document": { get: "readDocument" },
  "/api/scenarios": { get: "listScenarios" },
  "/api/inject": { get: "listInjections", post: "startInjection" },
  "/api/settings": { get: "readSettings", post: "changeSetting" },
  "/api/alerts": { get: "listAlerts" },
  "/api/whatif": { post: "askWhatIf" },
  ...Object.fromEntries(LOGGED_COMMANDS.map((name) => [`/api/commands/${name}`, { post: name }])),
};

/** What /api/sessions lists for a session that has the command. */
const CONTROLS: Readonly<Record<string, CommandName>> = {
  replay: "seek",
  inject: "startInjection",
  settings: "changeSetting",
  whatIf: "askWhatIf",
  alerts: "listAlerts",
  thresholds: "threshold.set",
  marks: "mark",
};

export function controlsOf(session: LiveSession): string[] {
  const commands = session.commands.names();
  return Object.keys(CONTROLS).filter((control) => commands.includes(CONTROLS[control]!));
}

/** Of these, what a role is too little for, with the roles that it needs: "editor or owner". */
export function refusedOf(session: LiveSession, held: Role): Record<string, string> {
  const refused = controlsOf(session).filter(
    (control) => !includesRole(held, COMMANDS[CONTROLS[control]!].who),
  );
  return Object.fromEntries(refused.map((control) => [control, rolesFrom(COMMANDS[CONTROLS[control]!].who)]));
}

export function commandRoutes(gateway: GatewayContext): [string, Route][] {
  return Object.entries(PATHS).map(([path, { get, post }]) => {
    const methods = [...(get === undefined ? [] : ["GET", "HEAD"]), ...(post === undefined ? [] : ["POST"])];
    const answer = async (context: RequestContext): Promise<void> => {
      const { session } = chooseHub(gateway.hubs, context);
      const command =
        context.request.method === "POST"
          ? await readPost(context, gateway, session, post!)
          : readOffered(session, get!, {});
      await answerCommand(context, session, command);
    };
    return [path, { methods, answer }];
  });
}

async function readPost(
  { request }: RequestContext,
  { limits }: GatewayContext,
  session: LiveSession,
  post: NonNullable<CommandPath["post"]>,
): Promise<Command> {
  // A session without the command is reported before any fault of the body.
  session.commands.handlerOf(typeof post === "string" ? post : Object.values(post)[0]!);
  const body = await readJson(request, limits, "controlBytesMax");
  if (typeof post === "string") return readCommand(post, body);
  const { action, ...rest } = readAction(body, Object.keys(post));
  return readOffered(session, post[action]!, rest);
}

/** Whether the session has the command comes before what is wrong with the body. */
function readOffered(session: LiveSession, name: CommandName, body: unknown): Command {
  session.commands.handlerOf(name);
  return readCommand(name, body);
}

function readAction(body: unknown, actions: readonly string[]): { action: string } & Record<string, unknown> {
  const result = v.safeParse(v.looseObject({ action: v.picklist(actions) }), body);
  if (result.success) return result.output;
  const expected = actions.map((action) => JSON.stringify(action)).join(" | ");
  const value = `action is ${result.issues[0].received}`;
  throw new EigenwatchError({ action: "command the replay", value, expected });
}

async function answerCommand(context: RequestContext, session: LiveSession, command: Command): Promise<void> {
  const { request, response } = context;
  await whileWaited(response, async (gone) => {
    const author = authorOf(signedIn(context), context.address);
    const answer = await session.commands.carryOut(command, author, gone);
    if (!gone.aborted) respondJson(request, response, answer);
  });
}
