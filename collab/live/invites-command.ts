/** `eigenwatch invites`: who was invited to the sessions of a running gateway, and who came. */
import { Command } from "@commander-js/extra-typings";
import { manual } from "../../actors/command-line/manual.ts";
import { exitWith } from "../../actors/command-line/program.ts";
import { print, printJson } from "../../actors/command-line/terminal.ts";
import { askGateway, withGatewayAddress } from "./gateway-request.ts";

const command = withGatewayAddress(
  new Command("invites")
    .description("Lists the invitations and guests of a running gateway that have not ended.")
    .option("--json", "print {invitations, guests} as one line of JSON"),
).addHelpText(
  "after",
  manual({
    exitCodes: { 0: "listed", 1: "the gateway cannot be reached, or refuses" },
    examples: [["eigenwatch invites", "see who may come in"]],
  }),
);

export const invitesCommand = command.action(exitWith(listInvites));

interface Listed {
  invitations: { id: string; session: string; role: string; uses: number; used: number; endsAt: string }[];
  guests: { id: string; name: string; session: string; role: string; invitation: string; endsAt: string }[];
}

async function listInvites(options: ReturnType<typeof command.opts>): Promise<number> {
  const listed = await askGateway<Listed>(options, "api/invites");
  if (options.json) {
    printJson(listed);
    return 0;
  }
  const { invitations, guests } = listed;
  if (invitations.length === 0) print("nobody is invited");
  for (const { id, session, role, uses, used, endsAt } of invitations) {
    print(`${id}  ${role.padEnd(6)}  session ${session}, used ${used} of ${uses}, until ${endsAt}`);
    for (const guest of guests.filter(({ invitation }) => invitation === id))
      print(`  ${guest.id}  ${guest.role.padEnd(6)}  ${guest.name}`);
  }
  return 0;
}
