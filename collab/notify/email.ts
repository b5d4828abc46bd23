/** Sends notices by e-mail over SMTP. The Message-ID is made of the notice's key, so a mail that is sent twice is one for most programs. */
import { createHash } from "node:crypto";
import { type Channel, NotTaken } from "./notifier.ts";

export interface EmailOptions {
  /** smtp://user@host:587, or smtps:// for TLS from the start. The password is no part of it. */
  readonly server: string;
  readonly password?: string;
  readonly from: string;
  readonly to: readonly string[];
}

const ANSWER_MS = 30_000;

export function email({ server, password, from, to }: EmailOptions): Channel {
  const { protocol, hostname, port, username } = new URL(server);
  const isSecure = protocol === "smtps:";
  const options = {
    host: hostname,
    port: port === "" ? (isSecure ? 465 : 587) : Number(port),
    secure: isSecure,
    ...(username === "" ? {} : { auth: { user: decodeURIComponent(username), pass: password ?? "" } }),
    connectionTimeout: ANSWER_MS,
    greetingTimeout: ANSWER_MS,
    socketTimeout: ANSWER_MS,
    // Nothing of a notice names a file or a URL to be read.
    disableFileAccess: true,
    disableUrlAccess: true,
  };
  // A tenth of the program, which only those sessions load that send mail.
  const opening = import("nodemailer").then(({ default: mail }) => mail.createTransport(options));
  return {
    name: `email ${to.join(", ")}`,
    async send({ key, session, event }) {
      const id = createHash("sha256").update(key).digest("hex").slice(0, 32);
      try {
        const transport = await opening;
        await transport.sendMail({
          from,
          to: [...to],
          messageId: `<${id}@eigenwatch>`,
          subject: `[${event.severity}] ${event.title}`,
          text: [
            event.title,
            "",
            ...Object.entries(event.detail).map(([name, value]) => `${name}: ${value}`),
            "",
            `${event.kind} of session ${session} at ${new Date(event.timeUs / 1000).toISOString()}, event ${event.id}`,
          ].join("\n"),
        });
      } catch (error) {
        const { responseCode = 0 } = error as { responseCode?: number };
        const message = `e-mail server ${hostname}: ${responseCode === 0 ? "no connection" : `answers ${responseCode}`}`;
        // 535: the password may be put right; all else of 5xx is final.
        throw responseCode >= 500 && responseCode !== 535 ? new NotTaken(message) : new Error(message);
      }
    },
    close: () => void opening.then((transport) => transport.close()),
  };
}
