/** `eigenwatch revoke`: takes back what `invite` gave, at once. */
import { Command, Option } from "@commander-js/extra-typings";
import { manual } from "../../actors/command-line/manual.ts";
import { exitWith } from "../../actors/command-line/program.ts";
import { print } from "../../actors/command-line/terminal.ts";
import { ROLES } from "../../protocol/principal.ts";
import { askGateway, withGatewayAddress } from "./gateway-request.ts";

const command = withGatewayAddress(
  new Command("revoke")
    .description(
      "Ends an invitation with all its guests, or one guest: open connections close at once. With --role they come back with that role instead.",
    )
    .argument("<id>", "of an invitation or a guest, as `eigenwatch invites` lists it")
    .addOption(new Option("--role <role>", "change the role instead of ending it").choices(ROLES)),
).addHelpText(
  "after",
  manual({
    exitCodes: {
      0: "revoked, or changed",
      1: "there is no such id, or the gateway cannot be reached or refuses",
    },
    examples: [
      ["eigenwatch revoke invite-3f2a90c41b7d", "end an invitation and everybody who came by it"],
      ["eigenwatch revoke guest-90c41b7d3f2a --role viewer", "leave a guest only the right to look"],
    ],
  }),
);

export const revokeCommand = command.action(exitWith(revoke));

async function revoke(id: string, options: ReturnType<typeof command.opts>): Promise<number> {
  const { role } = options;
  if (role === undefined) await askGateway(options, "api/invites/revoke", { id });
  else await askGateway(options, "api/invites/role", { id, role });
  print(role === undefined ? `${id} has ended` : `${id} has the role ${role}`);
  return 0;
}
