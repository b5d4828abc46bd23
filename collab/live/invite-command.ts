/** `eigenwatch invite`: asks a running gateway for an invitation, and shows it as a link and a QR code. */
import { Command, Option } from "@commander-js/extra-typings";
import qrcode from "qrcode-generator";
import { manual } from "../../actors/command-line/manual.ts";
import { read } from "../../actors/command-line/option-values.ts";
import { exitWith } from "../../actors/command-line/program.ts";
import { print, printJson, report } from "../../actors/command-line/terminal.ts";
import { ROLES } from "../../protocol/principal.ts";
import { duration, wholeNumber } from "../../protocol/text-values.ts";
import { isLoopback } from "../gateway/allowed-hosts.ts";
import { askGateway, baseOf, withGatewayAddress } from "./gateway-request.ts";

const command = withGatewayAddress(
  new Command("invite")
    .description(
      "Invites people to a session of a running gateway: whoever opens the link comes in with the role. Viewers read; editors also inject, " +
        "ask what-if questions and move a recorded session; owners also change settings and invite.",
    )
    .argument("[session]", "name of the session (default: the first of the gateway)")
    .addOption(new Option("--role <role>", "what they may do").choices(ROLES).default("viewer" as const))
    .option("--uses <n>", "how often the link can be redeemed", read(wholeNumber(1, 1_000)), 1)
    .addOption(
      new Option("--expires <duration>", "the link and what it gave end after this time")
        .argParser(read(duration(1_000_000)))
        .default(7 * 86_400_000_000, "7d"),
    )
    .option("--guest-name <name>", "name of who comes in by it (default: each says their own)")
    .option("--no-qr", "print no QR code")
    .option("--json", "print {id, link, role, uses, endsAt} as one line of JSON"),
).addHelpText(
  "after",
  manual({
    exitCodes: { 0: "invited", 1: "the gateway cannot be reached, or refuses" },
    examples: [
      ["eigenwatch invite", "let one person look"],
      ["eigenwatch invite plant --role editor --uses 5 --expires 8h", "let a team act for a shift"],
      ["eigenwatch invite --url https://watch.example.org/ --token-file token", "through a proxy"],
    ],
  }),
);

export const inviteCommand = command.action(exitWith(invite));

type InviteOptions = ReturnType<typeof command.opts>;

interface Invited {
  id: string;
  invite: string;
  session: string;
  role: string;
  uses: number;
  endsAt: string;
}

async function invite(session: string | undefined, options: InviteOptions): Promise<number> {
  const { role, uses, expires, guestName } = options;
  const made = await askGateway<Invited>(options, "api/invites", {
    ...(session === undefined ? {} : { session }),
    role,
    uses,
    seconds: Math.max(1, Math.round(expires / 1_000_000)),
    ...(guestName === undefined ? {} : { name: guestName }),
  });
  const link = `${baseOf(options.url)}#invite=${made.invite}`;
  const { id, endsAt } = made;
  if (options.json) {
    printJson({ id, link, session: made.session, role, uses, endsAt });
    return 0;
  }
  print("", link, "");
  if (options.qr) print(...qrText(link).split("\n"), "");
  print(
    `${id}: ${role} of session ${made.session}, ${uses === 1 ? "once" : `${uses} times`}, until ${endsAt}`,
  );
  if (isLoopback(new URL(link).hostname))
    report("this link works on this machine only: --url is a loopback address");
  return 0;
}

/** The text as a QR code of half blocks, which a phone reads off a terminal with light text on dark or dark on light. */
export function qrText(text: string): string {
  const code = qrcode(0, "L");
  code.addData(text);
  code.make();
  return code.createASCII(1, 2);
}
